// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace weft::inline v0::http {

struct rate_limit_options {
    double requests = 10;  ///< so many …
    std::chrono::nanoseconds per = std::chrono::seconds(1);  ///< … in this time, on average
    double burst = 20;  ///< so many at once
    /// Who shares a limit; by default the client's address.
    std::function<std::string(const request&)> key = {};
    /// Of so many is remembered how much they have had; who has not come for longest is forgotten, and has all of it again.
    std::size_t keys = 10'000;
};

/// Middleware: who asks too often is answered 429 with Retry-After. A bucket of tokens each, which the threads of a
/// server share.
middleware rate_limit(rate_limit_options options = {});

}  // namespace weft::inline v0::http
