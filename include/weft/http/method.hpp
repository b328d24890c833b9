// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::inline v0::http {

/// What a request asks for. @see RFC 9110 9
enum class method : std::uint8_t { get, head, post, put, patch, delete_, options, connect, trace };

/// As it is on the wire: "GET".
std::string_view to_string(method m) noexcept;
/// Letter by letter, for methods are case-sensitive. @return empty: it is none of these
std::optional<method> to_method(std::string_view name) noexcept;

/// It asks for nothing to be changed: a link may be followed, a crawler may come.
constexpr bool is_safe(method m) noexcept {
    return m == method::get || m == method::head || m == method::options || m == method::trace;
}
/// Asked for twice it does no more than once: a client may try again.
constexpr bool is_idempotent(method m) noexcept { return is_safe(m) || m == method::put || m == method::delete_; }

}  // namespace weft::inline v0::http
