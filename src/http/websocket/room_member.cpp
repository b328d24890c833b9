// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/room_member.hpp"

#include <weft/loop/task_handle.hpp>

#include <system_error>
#include <utility>

namespace weft::inline v0::http {

namespace {

/// A stream that has so much to send takes no more for now: its own high watermark.
constexpr std::size_t stream_bytes = 64 * 1024;

}  // namespace

shared_frame shared_frames::frame_for(const websocket_core& c) {
    const std::optional<int> kind = c.shared_window_bits();
    std::string own;
    if (!kind) {
        append_frame(own, c.role(), opcode_, payload_);
        return std::make_shared<const std::string>(std::move(own));
    }
    const int bits = payload_.size() < c.threshold_bytes() ? 0 : *kind;
    shared_frame& shared = by_window_bits_[static_cast<std::size_t>(bits)];
    if (shared) return shared;
    if (bits > 0) {
        std::string compressed;
        message_deflater({.window_bits = bits}).deflate(payload_, compressed);
        append_frame(own, websocket_role::server, opcode_, compressed, true);
    } else {
        append_frame(own, websocket_role::server, opcode_, payload_);
    }
    return shared = std::make_shared<const std::string>(std::move(own));
}

void room_member::take(shared_frames& frames) {
    if (!core_->is_open()) return;
    shared_frame frame = frames.frame_for(*core_);
    if (is_sending_rest_ || core_->write_buffer_size() > stream_bytes) return enqueue(std::move(frame));
    try {
        core_->send_frame(*frame);
    } catch (const std::system_error&) {  // lost: whoever receives hears of it
    }
}

bool room_member::is_full(std::size_t more_bytes) const noexcept {
    if (outbox_.empty()) return false;
    return outbox_.size() >= options_.outbox_messages || outbox_bytes_ + more_bytes > options_.outbox_bytes;
}

void room_member::enqueue(shared_frame frame) {
    if (is_full(frame->size()) && options_.when_full == room_options::policy::drop_member) {
        missed_ += outbox_.size() + 1;
        leave();
        return core_->begin_close({close_code::policy_violation, "what is sent is not taken fast enough"});
    }
    while (is_full(frame->size())) {
        drop_first();
        ++missed_;
    }
    outbox_bytes_ += frame->size();
    outbox_.push_back(std::move(frame));
    if (is_sending_rest_) return;
    is_sending_rest_ = true;
    spawn(send_rest(shared_from_this()));
}

void room_member::drop_first() noexcept {
    outbox_bytes_ -= outbox_.front()->size();
    outbox_.pop_front();
}

void room_member::leave() noexcept {
    outbox_.clear();
    outbox_bytes_ = 0;
}

/// Frame after frame, as the stream takes them.
task<> room_member::send_rest(std::shared_ptr<room_member> self) {
    const struct at_end {
        bool& flag;
        ~at_end() { flag = false; }
    } ending{self->is_sending_rest_};
    try {
        while (self->core_->is_open()) {
            co_await self->core_->drain();
            if (self->outbox_.empty() || !self->core_->is_open()) break;
            const shared_frame frame = self->outbox_.front();
            self->drop_first();
            self->core_->send_frame(*frame);
        }
    } catch (const std::system_error&) {  // lost: whoever receives hears of it
    }
    self->leave();
}

}  // namespace weft::inline v0::http
