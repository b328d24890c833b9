// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/method.hpp>

#include <string_view>

namespace weft::inline v0::http {

/// A name or address as Host tells it, perhaps with a port: letters, digits and "-._~", or an IPv6 address in brackets.
/// The grammar has more, percent signs and "!$&'()*+,;=", which no host is called by and others read as separators.
bool is_authority(std::string_view text) noexcept;

/// What a request asks for, taken apart: views of the target.
struct request_target {
    std::string_view authority, path, query;
};

/// Takes `target` apart if it has a form that `m` may have. @see RFC 9112 3.2
/// @return a sentence that says what is wrong; empty: nothing
std::string_view read_target(method m, std::string_view target, request_target& into) noexcept;

}  // namespace weft::inline v0::http
