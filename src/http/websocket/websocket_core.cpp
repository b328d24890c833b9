// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_core.hpp"

#include <weft/loop/event_loop.hpp>

#include <algorithm>
#include <span>
#include <system_error>
#include <utility>

// How a connection is read and how it ends. What is sent, and when, is in websocket_core_output.cpp.

namespace weft::inline v0::http {

namespace {

/// How long a peer that has been told what it did wrong may go on sending, and how much, before it is reset: else it could
/// lose what it was told.
constexpr std::chrono::nanoseconds lingering_time = std::chrono::seconds(2);
constexpr std::size_t lingering_bytes = 256 * 1024;

}  // namespace

websocket_core::websocket_core(stream s, websocket_role role, const websocket_options& options,
                               websocket_agreement agreed)
    : stream_(std::move(s)),
      role_(role),
      options_(options),
      agreed_(std::move(agreed)),
      decoder_(role, options, agreed_.deflate) {
    // With the smallest window zlib can read, but not write.
    if (agreed_.deflate && agreed_.deflate->own.window_bits > 8) deflater_.emplace(agreed_.deflate->own);
}

websocket_core::~websocket_core() {
    ping_timer_.cancel();
    end_timer_.cancel();
}

// Reading

/// While it lives, its task is the one that reads.
class websocket_core::reading {
public:
    reading(websocket_core& c, bool is_receiving) noexcept
        : core_(c), place_(is_receiving ? c.is_receiving_ : c.is_closing_) {
        place_ = true;
    }
    reading(const reading&) = delete;
    ~reading() {
        place_ = false;
        core_.reader_left_.set();
        core_.reader_left_.clear();
    }

private:
    websocket_core& core_;
    bool& place_;
};

task<std::optional<websocket_message>> websocket_core::receive(std::shared_ptr<websocket_core> self) {
    if (self->is_receiving_) throw invalid_state_error("websocket: a task receives already");
    while (self->is_closing_) co_await self->reader_left_.wait();
    if (self->is_receiving_) throw invalid_state_error("websocket: a task receives already");
    const reading here(*self, true);
    co_return co_await self->next_message();
}

task<> websocket_core::close(std::shared_ptr<websocket_core> self, std::uint16_t code, std::string reason) {
    self->begin_close({code, reason});
    while (self->state_ != state::over) {
        if (self->is_receiving_ || self->is_closing_) {
            co_await self->reader_left_.wait();
            continue;
        }
        const reading here(*self, false);
        try {
            while (co_await self->next_message()) {
            }
        } catch (const std::system_error&) {  // close_code() says so
        }
    }
}

/// The next message; empty when all is over.
task<std::optional<websocket_message>> websocket_core::next_message() {
    while (state_ != state::over) {
        if (state_ == state::failing) {
            co_await linger();
            continue;
        }
        if (state_ == state::parting) {
            co_await part();
            continue;
        }
        send_owed_pong();
        std::string_view input = stream_.buffered();
        const std::size_t before = input.size();
        const websocket_decoder::event e = decoder_.decode(input);
        const std::size_t left = input.size();
        stream_.consume(before - left);
        consumed_ += before - left;
        if (e == websocket_decoder::event::message) co_return std::move(decoder_.message());
        if (e != websocket_decoder::event::incomplete) {
            take_control(e);
            continue;
        }
        try {
            if ((co_await stream_.peek(left + 1)).size() <= left) lose("the peer has ended it without a close frame");
        } catch (const std::system_error& lost) {
            lose(lost.what());
        }
    }
    if (error_) std::rethrow_exception(error_);
    co_return std::nullopt;
}

void websocket_core::take_control(websocket_decoder::event e) {
    using event = websocket_decoder::event;
    if (e == event::refused) return fail(decoder_.why());
    if (e == event::close) return take_close();
    const clock::time_point now = get_running_loop().time();
    if (now - second_began_ >= std::chrono::seconds(1)) {
        second_began_ = now;
        control_frames_ = 0;
    }
    if (++control_frames_ > options_.control_frames_per_second)
        return fail({close_code::policy_violation, "too many pings and pongs"});
    if (e == event::ping) return answer_ping();
    if (decoder_.payload() == ping_payload_) ping_payload_.clear();
}

/// Answered by the same code, if it was not our side that began.
void websocket_core::take_close() {
    const websocket_close& said = decoder_.close();
    close_code_ = said.code;
    close_reason_ = said.reason;
    if (state_ == state::open) {
        begin_close({said.code});
    }
    if (state_ != state::over) state_ = state::parting;
}

/// The peer is told what it did wrong, and can do no more.
void websocket_core::fail(const websocket_close& why) noexcept {
    error_ = std::make_exception_ptr(websocket_error(why.code, std::string(why.reason)));
    close_code_ = close_code::lost;
    if (state_ == state::open) write_quietly(websocket_opcode::close, close_payload(why));
    if (state_ == state::over) return;
    state_ = state::failing;
    end_within(std::min(options_.close_timeout, lingering_time));
}

// Ending

/// Both sides have sent their close frames. The server is to end the connection first, so that it is the client that
/// remembers its port for a while.
task<> websocket_core::part() {
    try {
        if (role_ == websocket_role::client) {
            while (const std::size_t count = (co_await stream_.peek()).size()) stream_.consume(count);
        }
        co_await stream_.close();
    } catch (const std::system_error&) {  // as good an end as any
    }
    end();
}

task<> websocket_core::linger() {
    try {
        static_cast<void>(stream_.write_eof());
        for (std::size_t dropped = 0; dropped < lingering_bytes;) {
            const std::size_t count = (co_await stream_.peek()).size();
            if (count == 0) break;
            stream_.consume(count);
            dropped += count;
        }
        co_await stream_.close();
    } catch (const std::system_error&) {  // it has gone before
    }
    end();
}

/// It ended without a close frame of the peer's.
void websocket_core::lose(const std::string& why) noexcept {
    if (state_ == state::over) return;
    if (!error_) error_ = std::make_exception_ptr(websocket_error(close_code::lost, why));
    if (!close_code_) close_code_ = close_code::lost;
    stream_.abort();
    end();
}

void websocket_core::end() noexcept {
    state_ = state::over;
    ping_timer_.cancel();
    end_timer_.cancel();
    reader_left_.set();
    reader_left_.clear();
}

void websocket_core::release() noexcept {
    if (!is_kept_) abandon();
}

void websocket_core::abandon() noexcept {
    if (state_ == state::open) write_quietly(websocket_opcode::close, close_payload({close_code::going_away}));
    if (state_ != state::over) {
        error_ = std::make_exception_ptr(std::system_error(std::make_error_code(std::errc::connection_aborted),
                                                           "websocket: it was destroyed while a task waited for it"));
        end();
    }
    stream_ = stream();
}

}  // namespace weft::inline v0::http
