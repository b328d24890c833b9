// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/response.hpp>
#include <weft/inspect/loop_metrics.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace showcase {

class chat;
class traffic;
class workshop;

/// What the page sees of the program, as events. All who look share a look; while nobody does, there is none.
/// @thread the loop's
class live_view {
public:
    live_view(const traffic& t, const workshop& w, const chat& c) : traffic_(t), workshop_(w), chat_(c) {}
    /// @throws http_error  enough are looking
    weft::http::response stream();

private:
    using clock = std::chrono::steady_clock;
    const std::string& latest();
    std::string loop_to_json();

    const traffic& traffic_;
    const workshop& workshop_;
    const chat& chat_;
    std::size_t watchers_ = 0;
    std::string look_;
    clock::time_point looked_at_{};
    std::uint64_t looks_ = 0;
    std::optional<weft::loop_metrics> before_;
};

}  // namespace showcase
