// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0::http {

enum class websocket_role : std::uint8_t { client, server };

/// permessage-deflate, RFC 7692: messages are compressed where both sides can, and weft was built with zlib.
struct websocket_compression {
    bool enabled = true;
    /// What is shorter is sent as it is.
    std::size_t threshold_bytes = 256;
    /// Messages are compressed with what was said before in mind: small ones that are alike become much smaller. Each
    /// connection then keeps a compressor of about 2^(window_bits + 3) + 8 KiB, 264 KiB at 15 and 40 KiB at 12, and a
    /// decompressor of about 2^(peer's window_bits) + 10 KiB, 42 KiB at most. Without it a connection keeps none between
    /// messages: those of a thread take turns with one.
    bool keep_context = false;
    /// 9 to 15: how far back a repetition may be.
    int window_bits = 15;
};

/// What a WebSocket speaks, and what it takes from its peer.
struct websocket_options {
    /// What the application's protocol is called, the one liked best first. A server takes the first that the client has
    /// offered as well.
    std::vector<std::string> subprotocols = {};
    /// A server's: from whose pages browsers may connect, as "https://example.org" or "*" for any. Empty: only from this
    /// host's own. Without the field Origin it is no browser, and not asked.
    std::vector<std::string> allowed_origins = {};

    std::size_t message_bytes = 1024 * 1024;  ///< when it has been put together and inflated; above it: 1009
    std::size_t fragments = 1024;  ///< of a message; above it: 1008
    std::size_t control_frames_per_second = 256;  ///< pings and pongs; above it: 1008

    /// Who has sent nothing for so long after a ping, and taken nothing of what waits for it, is gone. Empty: no pings.
    std::optional<std::chrono::nanoseconds> ping_interval = std::chrono::seconds(20);
    std::chrono::nanoseconds ping_timeout = std::chrono::seconds(20);
    /// How long the peer may take to answer a close frame, before the connection is reset.
    std::chrono::nanoseconds close_timeout = std::chrono::seconds(10);

    websocket_compression compression = {};
};

}  // namespace weft::inline v0::http
