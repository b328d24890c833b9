// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/response.hpp>

#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// What a client gets in place of an answer: HTML, a problem of RFC 9457 or plain text, as it accepts.
/// @param accept  the request's field  @param message  for its reader  @param detail  for a developer; else empty
response error_page(status s, std::string_view accept, std::string_view message, std::string_view detail = {});

}  // namespace weft::inline v0::http
