// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/utf8.hpp"

#include <weft/http/multipart.hpp>

#include <algorithm>

namespace weft::inline v0::http {

namespace {

constexpr std::size_t longest_name = 255;  // of Linux's file systems

/// How many bytes of `text` are its first character; 0: none, for it is no UTF-8.
std::size_t character_size(std::string_view text) noexcept {
    for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
        if (is_utf8(text.substr(0, size))) return size;
    }
    return 0;
}

bool is_harmless(std::string_view character) noexcept {
    if (character.size() != 1) return !character.empty();
    const char c = character.front();
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && !std::string_view("<>:\"|?*").contains(c);
}

}  // namespace

std::string safe_filename(std::string_view name) {
    name.remove_prefix(name.find_last_of("/\\") + 1);  // npos + 1 is 0
    std::string safe;
    while (!name.empty()) {
        const std::size_t size = character_size(name);
        if (safe.size() + std::max<std::size_t>(size, 1) > longest_name) break;
        if (is_harmless(name.substr(0, size))) {
            safe += name.substr(0, size);
        } else {
            safe += '_';
        }
        name.remove_prefix(std::max<std::size_t>(size, 1));
        if (safe == "." || safe == " ") safe.clear();
    }
    while (safe.ends_with('.') || safe.ends_with(' ')) safe.pop_back();
    return safe.empty() ? "unnamed" : safe;
}

}  // namespace weft::inline v0::http
