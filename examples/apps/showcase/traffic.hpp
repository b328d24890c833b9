// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace showcase {

/// The requests that are being answered, by which task, and how long those took that have been. @thread the loop's
class traffic {
public:
    using clock = std::chrono::steady_clock;
    struct request {
        std::string method, path;
        std::uint64_t task = 0;  ///< the id of the task in which it is answered
        clock::time_point since;
        bool is_stream = false;  ///< events or a WebSocket: it lasts as long as the client likes
    };

    /// Middleware that notes each request, from its head until its answer has been sent.
    weft::http::middleware watches();

    const std::map<std::uint64_t, request>& in_flight() const noexcept { return in_flight_; }
    /// As JSON: the requests in flight, and the histogram.
    std::string to_json() const;

private:
    class ticket;
    void ended(std::uint64_t id) noexcept;

    /// The upper ends of the histogram's buckets: from 1/8 ms to 2 s, each twice the one before; and one for the rest.
    static constexpr std::size_t bounds = 15;
    static constexpr std::chrono::microseconds bound(std::size_t i) {
        return std::chrono::microseconds(125) * (1 << i);
    }

    std::map<std::uint64_t, request> in_flight_;
    std::uint64_t last_ = 0;
    std::array<std::uint64_t, bounds + 1> durations_{};
};

}  // namespace showcase
