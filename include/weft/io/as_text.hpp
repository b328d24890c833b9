// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace weft::inline v0 {

/// The same bytes as characters: the way back from std::as_bytes. Valid as long as they are.
inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Text or bytes that lie elsewhere: a std::string_view, a span or vector of bytes. What is a std::string, or becomes one by
/// itself, is none of these: it is taken as that.
template <class T>
concept viewed_bytes =
    !std::convertible_to<const T&, std::string> &&
    (std::convertible_to<const T&, std::string_view> || std::convertible_to<const T&, std::span<const std::byte>>);

/// A copy of them.
template <viewed_bytes T>
std::string to_text(const T& bytes) {
    if constexpr (std::convertible_to<const T&, std::string_view>) {
        return std::string(static_cast<std::string_view>(bytes));
    } else {
        return std::string(as_text(bytes));
    }
}

}  // namespace weft::inline v0
