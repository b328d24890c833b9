// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/syntax/utf8.hpp"
#include "http/websocket/websocket_close.hpp"
#include "http/websocket/websocket_extensions.hpp"
#include "http/websocket/websocket_frame.hpp"

#include <weft/http/websocket.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// Takes what the peer sends apart into messages and control frames; knows nothing of sockets. Each call takes bytes off
/// the front of what has arrived, all but a frame's head that is not whole: that must come again, with more. What it says
/// depends on the bytes alone, not on how they were cut.
class websocket_decoder {
public:
    enum class event : std::uint8_t { incomplete, message, ping, pong, close, refused };

    /// @param own  the role of this side
    websocket_decoder(websocket_role own, const websocket_options& limits,
                      const std::optional<deflate_agreement>& agreed);

    event decode(std::string_view& input);

    /// After `message`: to be moved from.
    websocket_message& message() noexcept { return message_; }
    /// After `ping`, `pong`: what it carries.
    std::string_view payload() const noexcept { return control_; }
    /// After `close`: what it says. Valid until the next call.
    const websocket_close& close() const noexcept { return close_; }
    /// After `refused`, which is for ever: what to close with, and why.
    const websocket_close& why() const noexcept { return why_; }

private:
    bool begin_frame(std::string_view& input);
    bool begin_data_frame();
    void take_payload(std::string_view& input);
    event end_frame();
    event end_message();
    bool refuse(std::uint16_t code, std::string_view sentence) noexcept {
        why_ = {code, sentence};
        return false;
    }

    const websocket_frame_rules rules_;
    const std::size_t most_bytes_, most_fragments_;
    std::optional<message_inflater> inflater_;

    websocket_frame_head head_;
    bool in_frame_ = false;
    std::uint64_t taken_ = 0;  // of the present frame's payload
    websocket_message message_;  // as far as it has come
    bool in_message_ = false;
    bool is_compressed_ = false;  // the message
    std::size_t fragments_ = 0;
    utf8_validator utf8_;
    std::string control_, inflated_;
    websocket_close close_, why_;
};

}  // namespace weft::inline v0::http
