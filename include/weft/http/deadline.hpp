// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>

#include <chrono>

namespace weft::inline v0::http {

/// Middleware: what has not been answered in time is cancelled, and answered with 503. A body that is written while it is
/// sent has as long as it likes.
///
///     routes.use(http::deadline(5s));
middleware deadline(std::chrono::nanoseconds limit);

}  // namespace weft::inline v0::http
