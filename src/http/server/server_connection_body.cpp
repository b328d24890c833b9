// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_connection.hpp"

#include <weft/base/errors.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

// What follows a request's head, as far as a handler asks for it.

namespace weft::inline v0::http {

namespace {

/// As much as there is.
constexpr std::size_t everything = std::numeric_limits<std::size_t>::max();
/// A body that nobody has read is dropped if so much of it is there; of more the connection ends.
constexpr std::size_t skipped_bytes = 64 * 1024;

[[noreturn]] void refuse_size() { throw http_error(status::content_too_large); }

}  // namespace

/// Lies in the frame of who waits for more of the body, and knows whether the connection is still there for it.
struct server_connection::body_wait {
    explicit body_wait(server_connection& connection) noexcept : of(&connection) { of->body_wait_ = this; }
    body_wait(const body_wait&) = delete;
    body_wait& operator=(const body_wait&) = delete;
    ~body_wait() {
        if (of) of->body_wait_ = nullptr;
    }
    server_connection* of;  // null: the request has been answered
};

/// The request has been answered: a task that its handler has left behind gets no more of the body.
void server_connection::forsake_body() noexcept {
    if (!body_wait_) return;
    std::exchange(body_wait_, nullptr)->of = nullptr;
    keeps_alive_ = false;
    is_left_to_reader_ = true;
}

void server_connection::require_body_within_limit() const {
    if (body_read_ + body_left_ > exchange_->request.body_limit) refuse_size();
}

/// Gives `take` what of the body has come, in pieces of `most` bytes together.
/// @return how much that was  @throws http_error  it is no body, or too large
template <class Take>
std::size_t server_connection::take_body(std::size_t most, Take take) {
    std::string_view input = stream_.buffered().substr(0, most);
    std::size_t taken = 0;
    const auto give = [&](std::string_view content) {
        if (content.empty()) return;
        body_read_ += content.size();
        if (body_read_ > request().body_limit) refuse_size();
        take(content);
        taken += content.size();
    };
    if (request().head.body == framing::counted) {
        input = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), body_left_)));
        give(input);
        body_left_ -= input.size();
        body_is_over_ = body_left_ == 0;
        stream_.consume(input.size());
        return taken;
    }
    const std::size_t before = input.size();
    for (chunked_decoder& decoder = exchange_->decoder; !body_is_over_;) {
        const auto result = decoder.decode(input);
        if (result == chunked_decoder::result::content) {
            give(decoder.content());
            continue;
        }
        if (result == chunked_decoder::result::refused) {
            lingers_ = true;
            throw http_error(decoder.why().status, std::string(decoder.why().sentence));
        }
        body_is_over_ = result == chunked_decoder::result::complete;
        break;
    }
    stream_.consume(before - input.size());
    return taken;
}

task<> server_connection::await_body() {
    if (owes_continue_) {
        owes_continue_ = false;
        output() += go_on;
    }
    const std::size_t before = stream_.buffered().size();  // what comes while the output goes is more as well
    co_await flush();
    const std::uint32_t since = server_->tick();
    body_since_ = since - body_waited_;
    const phase before_waiting = phase_;  // handling, or answering
    enter(phase::body);
    body_wait here(*this);
    std::exception_ptr cancelled;
    bool is_slow = false;
    std::size_t came = 0;
    try {
        came = (co_await stream_.peek(before + 1)).size() - before;
    } catch (const cancelled_error&) {
        is_slow = here.of && reason_ == reason::too_slow && was_given_up();
        if (!is_slow) cancelled = std::current_exception();
    }
    if (!here.of) {
        if (cancelled) std::rethrow_exception(cancelled);
        throw invalid_state_error("http: a body is read after its request has been answered");
    }
    enter(before_waiting);
    body_waited_ += server_->tick() - since;
    if (cancelled) std::rethrow_exception(cancelled);
    if (is_slow) lingers_ = true;
    if (is_slow) throw http_error(status::request_timeout, "the body of the request came too slowly");
    if (came == 0) {
        throw std::system_error(std::make_error_code(std::errc::connection_aborted),
                                "the client ended in the middle of the request's body");
    }
}

task<std::size_t> server_connection::read_some(std::span<std::byte> buffer) {
    require_body_within_limit();
    std::size_t count = 0;
    while (!body_is_over_ && count == 0 && !buffer.empty()) {
        count = take_body(buffer.size(), [&, at = buffer.data()](std::string_view content) mutable {
            std::memcpy(at, content.data(), content.size());
            at += content.size();
        });
        if (count == 0 && !body_is_over_) co_await await_body();
    }
    co_return count;
}

task<std::string> server_connection::read_all() {
    require_body_within_limit();
    std::string body;
    body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, skipped_bytes)));
    while (!body_is_over_) {
        take_body(everything, [&](std::string_view content) { body += content; });
        if (!body_is_over_) co_await await_body();
    }
    co_return body;
}

/// The next request begins behind what of this one was not read.
void server_connection::skip_body() noexcept {
    try {
        request().body_limit = std::numeric_limits<std::uint64_t>::max();
        if (!body_is_over_ && !owes_continue_) take_body(skipped_bytes, [](std::string_view) {});
    } catch (...) {  // it is no body: what follows it is no request
    }
    if (body_is_over_ || is_soon_over()) return;
    keeps_alive_ = false;
    lingers_ = true;
}

/// What nobody reads of the body is so little that the connection need not end for it: it may just not have come yet. Not if
/// its client may never send it, or was too slow.
bool server_connection::is_soon_over() const noexcept {
    const bool is_short = request().head.body == framing::counted && body_left_ <= skipped_bytes;
    return is_short && !owes_continue_ && !lingers_ && !body_wait_ && keeps_alive_;
}

/// The answer has gone out before the end of a body that is soon over. To its client, and to a server that closes, the
/// connection is idle.
task<> server_connection::outwait_body() {
    enter(phase::idle);
    set_deadline(server_->limits().head_timeout);
    lingers_ = true;  // if it ends meanwhile
    for (keeps_alive_ = !server_->is_closing(); keeps_alive_;) {
        take_body(everything, [](std::string_view) {});
        if (body_is_over_) break;
        const std::size_t before = stream_.buffered().size();
        co_await flush();
        keeps_alive_ = (co_await stream_.peek(before + 1)).size() > before;
    }
    lingers_ = !keeps_alive_;
}

}  // namespace weft::inline v0::http
