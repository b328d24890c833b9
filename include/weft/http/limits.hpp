// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weft::inline v0::http {

/// What a server takes from a stranger. Each bound is there because somebody has attacked a server that had none.
struct limits {
    std::size_t request_line_bytes = 8 * 1024;  ///< above it: 414
    std::size_t head_bytes = 32 * 1024;  ///< request line and fields; above it: 431
    std::size_t fields = 100;  ///< 431
    std::size_t trailer_bytes = 8 * 1024;
    std::uint64_t body_bytes = 1024 * 1024;  ///< unless the route says otherwise; above it: 413

    std::chrono::nanoseconds head_timeout = std::chrono::seconds(10);  ///< from its first byte to its last; then 408
    /// From when the body has been waited for so long, it must have come at so many bytes a second; else 408.
    std::chrono::nanoseconds body_grace = std::chrono::seconds(5);
    std::uint64_t body_bytes_per_second = 240;
    /// While there is more of an answer, so many bytes a second must be taken of it, on average over each `write_stall`; else
    /// the connection is reset. With a rate of 0: any byte at all.
    std::chrono::nanoseconds write_stall = std::chrono::seconds(30);
    std::uint64_t write_bytes_per_second = 240;
    std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);  ///< between requests: closed

    std::size_t requests_per_connection = 1000;
    std::size_t pipelined_bytes = 64 * 1024;  ///< what is received ahead of the present request
};

}  // namespace weft::inline v0::http
