// SPDX-License-Identifier: Apache-2.0
#include "http/utf8.hpp"

#include <cstddef>

namespace weft::inline v0::http {

bool is_utf8(std::string_view text) noexcept {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    for (std::size_t at = 0; at < text.size();) {
        const unsigned lead = byte(at);
        if (lead < 0x80) {
            ++at;
            continue;
        }
        const std::size_t size = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : 4;
        if (lead < 0xc2 || lead > 0xf4 || text.size() - at < size) return false;
        // Of the second byte alone depend overlong forms, surrogates and the end of Unicode.
        const unsigned lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        const unsigned highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (byte(at + 1) < lowest || byte(at + 1) > highest) return false;
        for (std::size_t i = 2; i < size; ++i) {
            if ((byte(at + i) & 0xc0) != 0x80) return false;
        }
        at += size;
    }
    return true;
}

}  // namespace weft::inline v0::http
