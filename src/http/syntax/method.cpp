// SPDX-License-Identifier: Apache-2.0
#include <weft/http/method.hpp>

#include <array>
#include <cstddef>

namespace weft::inline v0::http {

namespace {

constexpr std::array<std::string_view, 9> names = {"GET",    "HEAD",    "POST",    "PUT",  "PATCH",
                                                   "DELETE", "OPTIONS", "CONNECT", "TRACE"};

}  // namespace

std::string_view to_string(method m) noexcept { return names[static_cast<std::size_t>(m)]; }

std::optional<method> to_method(std::string_view name) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<method>(i);
    }
    return std::nullopt;
}

}  // namespace weft::inline v0::http
