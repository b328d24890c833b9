// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_connection.hpp"

#include <weft/base/errors.hpp>
#include <weft/tls/tls_info.hpp>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

// The life of a connection. Its requests' bodies are in server_connection_body.cpp, its answers in
// server_connection_answer.cpp.

namespace weft::inline v0::http {

namespace {

/// How long a client that is told to go may go on sending, and how much, before it is reset: else it could lose what it
/// was told. @see RFC 9112 9.6
constexpr std::chrono::seconds leaving_time(2);
constexpr std::size_t leaving_bytes = 256 * 1024;
/// With more than that the next request waits until it has gone to the stream.
constexpr std::size_t output_high = 64 * 1024;
/// What a client that speaks TLS begins with. @see RFC 8446 5.1
constexpr char tls_handshake = 0x16;
constexpr refusal speaks_tls = {status::bad_request, "this is TLS, and the server speaks HTTP without it here"};

std::int64_t to_seconds(std::chrono::nanoseconds d) {
    return std::chrono::duration_cast<std::chrono::seconds>(d).count();
}

}  // namespace

server_connection::server_connection(std::shared_ptr<server_core> server, stream s)
    : server_(std::move(server)),
      stream_(std::move(s)),
      watch_(stream_,
             [this] {
                 if (is_answering()) give_up(reason::client_gone);
             }),
      self_(current_task()) {
    learn_of_peer();
    set_deadline(server_->limits().idle_timeout);
    taken_since_ = server_->tick();
    server_->add(*this);
}

server_connection::~server_connection() {
    forsake_body();
    go_idle();  // and so it answers no request
    server_->remove(*this);
}

task<> server_connection::serve(std::shared_ptr<server_core> server, stream s) {
    server_connection c(std::move(server), std::move(s));
    std::exception_ptr cancelled;
    try {
        for (bool goes_on = true; goes_on;) {
            switch (c.find_request()) {
                case finding::request: goes_on = co_await c.answer_request(); break;
                case finding::end: goes_on = false; break;
                case finding::more:
                    const std::size_t before = c.stream_.buffered().size();  // more may come while the output goes
                    co_await c.flush();
                    if (c.stream_.buffered().empty()) {
                        if (c.server_->is_closing()) break;  // it closed meanwhile, and saw no idle connection
                        c.go_idle();
                    }
                    co_await c.stream_.peek(before + 1);
            }
        }
    } catch (const cancelled_error&) {
        const bool is_in_head = c.phase_ == phase::head && c.reason_ == reason::too_slow;
        if (!c.was_given_up()) cancelled = std::current_exception();
        if (!cancelled && is_in_head)
            c.refuse({status::request_timeout, "the head of the request did not come in time"});
    } catch (const std::system_error&) {  // the connection is lost, and with it whom to tell
        co_return;
    }
    if (cancelled) std::rethrow_exception(cancelled);
    if (c.phase_ != phase::handed_over) co_await c.leave();
}

/// What to do next. A request that is refused is answered on the way to the end.
server_connection::finding server_connection::find_request() {
    const std::string_view input = stream_.buffered();
    if (input.empty()) return stream_.at_eof() || server_->is_closing() ? finding::end : finding::more;
    if (!exchange_) exchange_ = server_->take_exchange();
    switch (exchange_->parser.parse(input, request().head)) {
        case head_parser::result::complete:
            stream_.consume(exchange_->parser.consumed());
            seen_ = 0;
            begin_request();
            if (request().begin(*this, server_->limits().body_bytes)) return finding::request;
            refuse({status::bad_request, "the path of the request makes no sense"});
            return finding::end;
        case head_parser::result::refused:
            refuse(input.front() == tls_handshake ? speaks_tls : exchange_->parser.why());
            return finding::end;
        case head_parser::result::incomplete: break;
    }
    if (input.size() == seen_) return finding::end;  // nothing more came: its client has gone
    if (phase_ != phase::head) set_deadline(server_->limits().head_timeout);
    enter(phase::head);
    seen_ = input.size();
    return finding::more;
}

void server_connection::begin_request() {
    const request_head& head = request().head;
    enter(phase::handling);
    body_is_over_ = head.body == framing::none;
    body_left_ = head.body == framing::counted ? head.content_length : 0;
    body_read_ = body_sent_ = 0;
    body_waited_ = 0;
    owes_continue_ = head.expects_continue && !body_is_over_;
    if (head.body == framing::chunked) exchange_->decoder.restart();
    keeps_alive_ = head.keep_alive && ++requests_ < server_->limits().requests_per_connection;
    if (server_->options().access_log) began_ = clock::now();
}

/// Nothing is under way: another connection may have the memory.
void server_connection::go_idle() noexcept {
    const bool is_between = seen_ == 0 && !lingers_;  // else its parser is in the middle of what has gone wrong
    if (exchange_ && is_between) server_->give_back(std::move(exchange_));
    exchange_.reset();
    if (phase_ == phase::idle) return;
    enter(phase::idle);
    set_deadline(server_->limits().idle_timeout);
}

/// What was answered goes to the stream; to be awaited while that has too much.
output_awaiter server_connection::flush() {
    if (exchange_ && !output().empty()) {
        given_ += output().size();
        static_cast<void>(stream_.write(output()));
        output().clear();
    }
    return stream_.drain();
}

/// @return whether another request may follow
task<bool> server_connection::answer_request() {
    std::optional<response> answer;
    std::exception_ptr error;
    try {
        if (has_wanted_hosts_ && is_misdirected()) throw http_error(status::misdirected_request);
        answer.emplace(co_await server_->answers()(request().facade));
        require_answer(*answer);
    } catch (...) {
        error = std::current_exception();
    }
    if (reason_ != reason::none) throw cancelled_error();
    if (error) answer.emplace(failed(error));
    enter(phase::answering);
    keeps_alive_ &= !server_->is_closing() && !answer->headers().lists("Connection", "close");
    // What is written while it is sent may be made of the request's body.
    const bool reads_on = std::holds_alternative<response::produced>(answer->body_);
    if (reads_on) {
        if (std::exchange(owes_continue_, false)) output() += go_on;
    } else {
        skip_body();
    }
    if (!send_at_once(*answer)) co_await send(*answer);
    if (reads_on) skip_body();
    forsake_body();
    if (output().size() > output_high) co_await flush();
    log(answer->status());
    if (phase_ == phase::handed_over) co_return false;
    if (keeps_alive_ && !body_is_over_) co_await outwait_body();
    request().end();
    enter(phase::head);  // of the next, if it is there already
    set_deadline(server_->limits().head_timeout);
    co_return keeps_alive_;
}

/// Sends what is left; waits for the client to end where it may be sending what nobody reads.
task<> server_connection::leave() {
    enter(phase::leaving);
    set_deadline(leaving_time);
    std::exception_ptr cancelled;
    try {
        co_await flush();
        if (!is_left_to_reader_ && (lingers_ || !stream_.buffered().empty())) {
            stream_.write_eof();
            for (std::size_t dropped = 0; dropped < leaving_bytes;) {
                const std::size_t count = (co_await stream_.peek()).size();
                if (count == 0) break;
                stream_.consume(count);
                dropped += count;
            }
        }
    } catch (const cancelled_error&) {
        if (!was_given_up()) cancelled = std::current_exception();
    } catch (const std::system_error&) {  // it has gone before
    }
    if (cancelled) std::rethrow_exception(cancelled);
}

// Giving up

void server_connection::give_up(reason why) {
    if (reason_ != reason::none) return;
    reason_ = why;
    self_.cancel();
}

/// A cancellation has arrived. @return false: it is not of our making
bool server_connection::was_given_up() noexcept {
    return std::exchange(reason_, reason::none) != reason::none && self_.uncancel() == 0;
}

void server_connection::set_deadline(std::chrono::nanoseconds from_now) noexcept {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(from_now).count();
    deadline_ = server_->tick() + static_cast<std::uint32_t>(std::min<std::int64_t>(seconds, 1 << 30)) + 1;
}

void server_connection::look() {
    if (phase_ == phase::handed_over) return;
    const std::uint32_t now = server_->tick();
    const http::limits& limits = server_->limits();
    if (is_stalled(now)) return stream_.abort();
    switch (phase_) {
        case phase::idle:
        case phase::head:
            if (now >= deadline_) give_up(reason::too_slow);
            break;
        case phase::body: {
            const std::int64_t waited = now - body_since_;
            const bool is_slow = body_read_ < limits.body_bytes_per_second * static_cast<std::uint64_t>(waited);
            if (waited > to_seconds(limits.body_grace) && is_slow) give_up(reason::too_slow);
            break;
        }
        case phase::leaving:
            if (now >= deadline_) give_up(reason::too_slow);  // and close: what it still takes of its answer it gets
            break;
        case phase::handling:
        case phase::answering:
        case phase::handed_over: break;
    }
}

/// There is something to take, and of that not enough has been taken for too long.
bool server_connection::is_stalled(std::uint32_t now) {
    const http::limits& limits = server_->limits();
    const std::int64_t patience = to_seconds(limits.write_stall);
    const std::int64_t enough = static_cast<std::int64_t>(limits.write_bytes_per_second) * patience;
    const std::uint64_t unsent = stream_.unsent_bytes();
    // Below zero over TLS, of which what is unsent is larger than what was given. It grows all the same.
    const auto taken = static_cast<std::int64_t>(given_) - static_cast<std::int64_t>(unsent);
    if (unsent == 0 || taken - taken_ >= std::max<std::int64_t>(enough, 1)) {
        taken_ = taken;
        taken_since_ = now;
    }
    return now - taken_since_ > patience;
}

void server_connection::drain() {
    if (phase_ == phase::idle) give_up(reason::draining);
}

void server_connection::enter(phase p) noexcept {
    if (is_answering(p) && !is_answering(phase_)) server_->answering() += 1;
    if (!is_answering(p) && is_answering(phase_)) server_->answering() -= 1;
    phase_ = p;
}

}  // namespace weft::inline v0::http
