// SPDX-License-Identifier: Apache-2.0
#include "http/client/client_exchange.hpp"
#include "http/message/message_writer.hpp"

#include <weft/base/errors.hpp>
#include <weft/flow/move_on_after.hpp>
#include <weft/flow/race.hpp>
#include <weft/http/body_writer.hpp>

#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

// How a request is sent. Its server may answer before it has taken all of it; whoever then went on sending could wait for
// ever, or lose the answer to the reset of the connection: so the answer is looked for all the time.

namespace weft::inline v0::http {

namespace {

/// With more than that unsent the rest of the body waits.
constexpr std::size_t unsent_high = 64 * 1024;
/// What is written of a body goes on in pieces of about that.
constexpr std::size_t piece_bytes = 16 * 1024;
/// A server that has never heard of "100 Continue" says nothing.
constexpr std::chrono::seconds continue_time(1);

task<> wait_until_sent(stream& s) { co_await s.drain(); }
task<> wait_for_more(stream& s, std::size_t before) { co_await s.peek(before + 1); }

}  // namespace

/// Of a body that is written while it is sent.
class client_exchange::body_sender final : public body_writer {
public:
    body_sender(client_exchange& e, std::optional<std::uint64_t> size) noexcept
        : exchange_(e), left_(size), is_chunked_(!size) {}

    task<> write(std::string_view bytes) override {
        if (bytes.empty()) co_return;
        if (left_ && bytes.size() > *left_)
            throw std::length_error("http: more is written than the size of the request's body");
        if (left_) *left_ -= bytes.size();
        if (is_chunked_) append_chunk_size(output_, bytes.size());
        output_ += bytes;
        if (is_chunked_) output_ += end_of_chunk;
        if (output_.size() >= piece_bytes) co_await flush();
    }
    task<> flush() override {
        const std::string piece = std::exchange(output_, {});
        if (!co_await exchange_.pass_on(piece)) {
            is_stopped_ = true;
            throw cancelled_error("the server has answered before the end of the request's body");
        }
    }
    headers& trailers() override { return trailers_; }

    task<> end() {
        if (left_.value_or(0) > 0) throw std::length_error("http: less is written than the size of the request's body");
        if (is_chunked_) {
            output_ += last_chunk;
            append_fields(output_, trailers_);
            append_end_of_fields(output_);
        }
        co_await flush();
    }
    bool is_stopped() const noexcept { return is_stopped_; }

private:
    client_exchange& exchange_;
    std::optional<std::uint64_t> left_;
    std::string output_;
    headers trailers_;
    bool is_chunked_, is_stopped_ = false;
};

task<> client_exchange::send(outgoing_request& r) {
    asks_upgrade_ = r.asks_upgrade;
    request_body& body = *r.body;
    const bool is_text = body.is_there_ && !body.writes_;
    const bool goes_along = is_text && !r.awaits_continue && body.text_.size() <= piece_bytes;
    if (goes_along) r.head += body.text_;
    if (!co_await pass_on(r.head)) co_return;
    if (r.awaits_continue) {
        co_await await_continue();
        if (has_head_) co_return;
    }
    if (is_text && !goes_along) {
        for (std::string_view rest = body.text_; !rest.empty();
             rest.remove_prefix(std::min(rest.size(), unsent_high))) {
            if (!co_await pass_on(rest.substr(0, unsent_high))) co_return;
        }
    }
    if (body.writes_) {
        was_produced_ = true;
        body_sender sender(*this, body.size_);
        try {
            co_await body.writes_(sender);
            co_await sender.end();
        } catch (const cancelled_error&) {
            if (!sender.is_stopped()) throw;
            co_return;
        }
    }
    is_sent_ = true;
}

/// @return false: an answer is there, or the server has gone
task<bool> client_exchange::pass_on(std::string_view bytes) {
    if (find_head()) co_return false;
    try {
        static_cast<void>(connection().write(bytes));
        while (connection().write_buffer_size() > unsent_high) {
            const std::size_t before = connection().buffered().size();
            const bool is_sent = co_await deadline_.within(client_phase::send, [&]() -> task<bool> {
                co_return (co_await race(wait_until_sent(connection()), wait_for_more(connection(), before))).index() ==
                    0;
            });
            const bool has_ended = !is_sent && connection().buffered().size() == before;
            if (find_head() || has_ended) co_return false;
        }
    } catch (const std::system_error&) {  // it has gone; but it may have answered before
        co_return false;
    }
    co_return true;
}

task<> client_exchange::await_continue() {
    co_await move_on_after(continue_time, [&]() -> task<> {
        while (!was_told_to_go_on_ && !find_head()) {
            if (!co_await await_input(client_phase::first_byte)) co_return;
        }
    });
}

}  // namespace weft::inline v0::http
