// SPDX-License-Identifier: Apache-2.0
#include "http/client/client_exchange.hpp"

#include <weft/base/errors.hpp>
#include <weft/flow/move_on_after.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

// What comes back. How the request is sent is in client_exchange_send.cpp.

namespace weft::inline v0::http {

namespace {

/// Of a body that nobody wants: rather than read more of it, or for longer, a new connection is made.
constexpr std::size_t drained_bytes = 64 * 1024;
constexpr std::chrono::milliseconds drained_time(500);

}  // namespace

client_exchange::client_exchange(client_lease lease, client_deadline deadline, const client_limits& limits,
                                 http::method m, url to)
    : lease_(std::move(lease)),
      deadline_(std::move(deadline)),
      limits_(limits),
      to_(std::move(to)),
      parser_(head_limits{.line_bytes = limits.head_bytes, .head_bytes = limits.head_bytes, .fields = limits.fields}),
      method_(m) {}

/// What is left of the body may be there already.
client_exchange::~client_exchange() {
    try {
        std::array<std::byte, 4096> dropped;
        while (has_head_ && !body_is_over_ && connection() && take_body(dropped) > 0) {
        }
    } catch (const std::exception&) {  // it is no body
    }
}

void client_exchange::fail(client_errc code, std::string_view why) const {
    throw client_error(code, deadline_.what() + ": " + std::string(why));
}

/// Waits for a byte more than there is. @return false: there is none to come
task<bool> client_exchange::await_input(client_phase phase) {
    const std::size_t before = connection().buffered().size();
    const std::size_t now = co_await deadline_.within(
        phase, [&]() -> task<std::size_t> { co_return (co_await connection().peek(before + 1)).size(); });
    co_return now > before;
}

// The head

/// Looks for it in what has come, and passes over those of other responses before it. @return whether it is there
bool client_exchange::find_head() {
    while (!has_head_ && !connection().buffered().empty()) {
        has_answer_ = true;
        switch (parser_.parse(connection().buffered(), head_, method_)) {
            case head_parser::result::incomplete: return false;
            case head_parser::result::refused: fail(client_errc::malformed, parser_.why().sentence);
            case head_parser::result::complete: break;
        }
        connection().consume(parser_.consumed());
        const bool is_switch = head_.status == status::switching_protocols;
        if (is_switch && !asks_upgrade_)
            fail(client_errc::malformed, "the server switches protocols without having been asked to");
        has_head_ = is_switch || !is_informational(head_.status);
        if (has_head_) break;
        was_told_to_go_on_ |= head_.status == status::continue_;
        if (++informational_ > limits_.informational_responses)
            fail(client_errc::too_large, "there are too many responses that say to wait for another");
    }
    return has_head_;
}

task<> client_exchange::receive_head() {
    while (!find_head()) {
        if (!co_await await_input(has_answer_ ? client_phase::between_bytes : client_phase::first_byte))
            fail(client_errc::cut_off, has_answer_
                                           ? "the server closed the connection in the middle of its answer's head"
                                           : "the server closed the connection without an answer");
    }
    begin_body();
}

void client_exchange::begin_body() noexcept {
    body_left_ = head_.body == framing::counted ? head_.content_length : 0;
    if (head_.body == framing::none && head_.status != status::switching_protocols) finish_body();
}

/// Nothing more of the response is to come: the connection is free for the next request.
void client_exchange::finish_body() noexcept {
    body_is_over_ = true;
    const bool is_sent = is_sent_ && connection().write_buffer_size() == 0;
    if (!is_sent) return lease_.close();
    if (head_.keep_alive) return lease_.keep();
    const stream ended = lease_.take();
}

// The body

void client_exchange::decompress() {
    const auto codings = head_.fields.get_all("Content-Encoding");
    if (body_is_over_ || codings.empty() || head_.status == status::partial_content) return;
    const auto coding = to_content_coding(codings.front());
    if (codings.size() != 1 || !coding) return;
    const unsigned ratio = std::max(limits_.decompression_ratio, 1u);
    decoding_.reset(new decoding{.decoder = content_decoder(*coding, ratio), .raw = {}, .rest = {}});
}

std::optional<std::uint64_t> client_exchange::content_length() const noexcept {
    if (decoding_ || head_.body == framing::chunked || head_.body == framing::until_close) return std::nullopt;
    return head_.body == framing::counted ? head_.content_length : 0;
}

/// What of the body is there. @return 0: nothing yet, or it is over
std::size_t client_exchange::take_body(std::span<std::byte> into) {
    if (head_.body == framing::chunked) return take_chunks(into);
    std::string_view input = connection().buffered().substr(0, into.size());
    if (head_.body == framing::counted) {
        input = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), body_left_)));
        body_left_ -= input.size();
    }
    if (!input.empty()) std::memcpy(into.data(), input.data(), input.size());
    connection().consume(input.size());
    if (head_.body == framing::counted && body_left_ == 0) finish_body();
    return input.size();
}

std::size_t client_exchange::take_chunks(std::span<std::byte> into) {
    std::size_t taken = 0;
    while (!body_is_over_ && taken < into.size() && !connection().buffered().empty()) {
        // Content is never more than what it came in: it fits.
        std::string_view input = connection().buffered().substr(0, into.size() - taken);
        const std::size_t before = input.size();
        const auto result = chunks_.decode(input);
        if (result == chunked_decoder::result::refused) fail(client_errc::malformed, chunks_.why().sentence);
        if (result == chunked_decoder::result::content) {
            std::memcpy(into.data() + taken, chunks_.content().data(), chunks_.content().size());
            taken += chunks_.content().size();
        }
        connection().consume(before - input.size());
        if (result == chunked_decoder::result::complete) finish_body();
    }
    return taken;
}

task<std::size_t> client_exchange::read_raw(std::span<std::byte> buffer) {
    while (!body_is_over_ && !buffer.empty()) {
        if (!lease_.connection()) fail(client_errc::cut_off, "the response was closed, or has failed before");
        if (const std::size_t count = take_body(buffer)) co_return count;
        if (body_is_over_) break;
        if (!connection().buffered().empty()) continue;
        if (co_await await_input(client_phase::between_bytes)) continue;
        if (head_.body != framing::until_close)
            fail(client_errc::cut_off, "the server closed the connection in the middle of the body");
        finish_body();
    }
    co_return 0;
}

task<std::size_t> client_exchange::read_decoded(std::span<std::byte> buffer) {
    for (;;) {
        std::size_t count = 0;
        try {
            count = decoding_->decoder.decode(decoding_->rest, buffer);
        } catch (const content_error& e) {
            fail(client_errc::bad_encoding, e.what());
        }
        if (count > 0 || buffer.empty()) co_return count;
        const std::size_t came = co_await read_raw(decoding_->raw);
        decoding_->rest = {reinterpret_cast<const char*>(decoding_->raw.data()), came};
        if (came > 0) continue;
        if (!decoding_->decoder.is_whole()) fail(client_errc::bad_encoding, "the compressed content ends too early");
        co_return 0;
    }
}

task<std::size_t> client_exchange::read_some(std::span<std::byte> buffer) {
    try {
        if (!decoding_) co_return co_await read_raw(buffer);
        co_return co_await read_decoded(buffer);
    } catch (const std::exception&) {
        close();
        throw;
    }
}

task<> client_exchange::drain() {
    std::array<std::byte, 4096> dropped;
    const bool is_short = head_.body != framing::until_close && body_left_ <= drained_bytes;
    if (is_short) {
        try {
            co_await move_on_after(drained_time, [&]() -> task<> {
                std::size_t left = drained_bytes;
                while (const std::size_t count =
                           co_await read_raw(std::span(dropped).first(std::min(left, dropped.size()))))
                    left -= count;
            });
        } catch (const std::exception&) {  // it did not matter
        }
    }
    if (!body_is_over_) close();
}

void client_exchange::close() noexcept { lease_.close(); }

stream client_exchange::take_stream() {
    if (!has_head_ || head_.status != status::switching_protocols || !connection())
        throw invalid_state_error(deadline_.what() + ": there is no connection to be taken");
    return lease_.take();
}

}  // namespace weft::inline v0::http
