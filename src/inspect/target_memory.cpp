// SPDX-License-Identifier: Apache-2.0
#include "inspect/target_memory.hpp"

#include <algorithm>

namespace weft::inline v0 {

std::string target_memory::read_text(std::uint64_t address, std::size_t limit) const {
    constexpr std::size_t page = 4096;
    std::string text;
    while (text.size() < limit) {
        // Up to the end of a page: what lies behind it may not be there.
        const std::size_t left_in_page = page - static_cast<std::size_t>((address + text.size()) % page);
        const std::string piece =
            read_bytes(address + text.size(), std::min({left_in_page, limit - text.size(), page / 16}));
        const std::size_t end = piece.find('\0');
        text += piece.substr(0, end);
        if (piece.empty() || end != std::string::npos) break;
    }
    return text;
}

std::string target_memory::read_bytes(std::uint64_t address, std::size_t count) const {
    std::string bytes(count, '\0');
    memory_request one{address, std::as_writable_bytes(std::span(bytes))};
    read(std::span(&one, 1));
    return one.is_read ? bytes : std::string();
}

}  // namespace weft::inline v0
