// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/status.hpp>

#include <string_view>

namespace weft::inline v0::http {

/// Why bytes are not taken for a message. Nothing that follows them on the connection can be trusted to start where it
/// seems to: whoever refuses answers, if a request was expected, and closes.
struct refusal {
    http::status status = http::status::bad_request;
    std::string_view sentence;  // a literal
};

}  // namespace weft::inline v0::http
