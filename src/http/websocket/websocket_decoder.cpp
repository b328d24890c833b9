// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_decoder.hpp"

#include <algorithm>
#include <utility>

namespace weft::inline v0::http {

websocket_decoder::websocket_decoder(websocket_role own, const websocket_options& limits,
                                     const std::optional<deflate_agreement>& agreed)
    : rules_{.are_masked = own == websocket_role::server, .may_be_compressed = agreed.has_value()},
      most_bytes_(limits.message_bytes),
      most_fragments_(limits.fragments) {
    if (agreed) inflater_.emplace(agreed->peer);
}

websocket_decoder::event websocket_decoder::decode(std::string_view& input) {
    while (why_.code == 0) {
        if (!in_frame_ && !begin_frame(input)) break;
        take_payload(input);
        if (why_.code != 0) break;
        if (taken_ < head_.length) return event::incomplete;
        in_frame_ = false;
        if (const event e = end_frame(); e != event::incomplete) return e;
    }
    return why_.code == 0 ? event::incomplete : event::refused;
}

/// @return false: the head is not whole, or refused
bool websocket_decoder::begin_frame(std::string_view& input) {
    std::size_t size = 0;
    const std::string_view wrong = read_frame_head(input, rules_, head_, size);
    if (!wrong.empty()) return refuse(close_code::protocol_error, wrong);
    if (size == 0) return false;
    input.remove_prefix(size);
    taken_ = 0;
    in_frame_ = true;
    if (!is_control(head_.opcode)) return begin_data_frame();
    control_.clear();
    return true;
}

bool websocket_decoder::begin_data_frame() {
    const bool goes_on = head_.opcode == websocket_opcode::continuation;
    if (goes_on != in_message_) {
        return refuse(close_code::protocol_error,
                      goes_on ? "a frame continues no message" : "a message begins before the last one has ended");
    }
    if (!goes_on) {
        message_.data.clear();
        message_.is_text = head_.opcode == websocket_opcode::text;
        is_compressed_ = head_.is_compressed;
        in_message_ = true;
        fragments_ = 0;
        utf8_.restart();
    }
    if (++fragments_ > most_fragments_) return refuse(close_code::policy_violation, "a message has too many fragments");
    // What cannot be compressed becomes a little longer.
    const std::size_t most = is_compressed_ ? most_bytes_ + most_bytes_ / 1000 + 64 : most_bytes_;
    if (head_.length > most - message_.data.size()) return refuse(close_code::too_big, "a message is too long");
    return true;
}

void websocket_decoder::take_payload(std::string_view& input) {
    const std::size_t count = std::min<std::uint64_t>(head_.length - taken_, input.size());
    std::string& to = is_control(head_.opcode) ? control_ : message_.data;
    const std::size_t begin = to.size();
    to += input.substr(0, count);
    input.remove_prefix(count);
    if (head_.is_masked) apply_mask(to.data() + begin, count, head_.mask, taken_);
    taken_ += count;
    if (is_control(head_.opcode) || !message_.is_text || is_compressed_) return;
    if (!utf8_.add(std::string_view(to).substr(begin))) refuse(close_code::invalid_data, "a text is not UTF-8");
}

websocket_decoder::event websocket_decoder::end_frame() {
    switch (head_.opcode) {
        case websocket_opcode::ping: return event::ping;
        case websocket_opcode::pong: return event::pong;
        case websocket_opcode::close:
            why_ = read_close(control_, close_);
            return why_.code == 0 ? event::close : event::refused;
        case websocket_opcode::continuation:
        case websocket_opcode::text:
        case websocket_opcode::binary: break;
    }
    return head_.is_final ? end_message() : event::incomplete;
}

websocket_decoder::event websocket_decoder::end_message() {
    in_message_ = false;
    if (is_compressed_) {
        switch (inflater_->inflate(message_.data, most_bytes_, inflated_)) {
            case message_inflater::result::ok: break;
            case message_inflater::result::too_big:
                refuse(close_code::too_big, "a message is too long when it is inflated");
                return event::refused;
            case message_inflater::result::broken:
                refuse(close_code::invalid_data, "a compressed message cannot be inflated");
                return event::refused;
        }
        message_.data = std::exchange(inflated_, {});
        if (message_.is_text && !utf8_.add(message_.data)) {
            refuse(close_code::invalid_data, "a text is not UTF-8");
            return event::refused;
        }
    }
    if (!utf8_.is_complete()) {
        refuse(close_code::invalid_data, "a text ends within a character");
        return event::refused;
    }
    return event::message;
}

}  // namespace weft::inline v0::http
