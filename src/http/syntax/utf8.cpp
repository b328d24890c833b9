// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/utf8.hpp"

#include <cstddef>
#include <cstring>

namespace weft::inline v0::http {

bool utf8_validator::begin(unsigned char lead) noexcept {
    if (lead < 0xc2 || lead > 0xf4) return false;
    wanted_ = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    // Of the second byte alone depend overlong forms, surrogates and the end of Unicode.
    lowest_ = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    highest_ = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return true;
}

bool utf8_validator::add(std::string_view piece) noexcept {
    for (std::size_t at = 0; at < piece.size();) {
        if (wanted_ == 0) {
            constexpr std::uint64_t above_ascii = 0x8080808080808080;
            for (std::uint64_t eight; piece.size() - at >= sizeof eight; at += sizeof eight) {
                std::memcpy(&eight, piece.data() + at, sizeof eight);
                if (eight & above_ascii) break;
            }
            if (at == piece.size()) return true;
        }
        const auto byte = static_cast<unsigned char>(piece[at++]);
        if (wanted_ > 0) {
            if (byte < lowest_ || byte > highest_) return false;
            lowest_ = 0x80;
            highest_ = 0xbf;
            --wanted_;
        } else if (byte >= 0x80 && !begin(byte)) {
            return false;
        }
    }
    return true;
}

bool is_utf8(std::string_view text) noexcept {
    utf8_validator validator;
    return validator.add(text) && validator.is_complete();
}

}  // namespace weft::inline v0::http
