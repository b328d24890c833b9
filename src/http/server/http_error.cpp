// SPDX-License-Identifier: Apache-2.0
#include <weft/http/http_error.hpp>

#include <utility>

namespace weft::inline v0::http {

http_error::http_error(http::status status, const std::string& message, http::headers headers)
    : std::runtime_error(message.empty() ? std::string(reason_phrase(status)) : message),
      status_(status),
      headers_(std::move(headers)) {}

}  // namespace weft::inline v0::http
