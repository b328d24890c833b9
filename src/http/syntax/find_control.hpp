// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/syntax/characters.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weft::inline v0::http {

/// Where the first character from `begin` on lies that no field's value may have, as an end of line is one; else the size.
///
/// Eight bytes at a time, in a register. Of a sum that tells which bytes are too small only the lowest hit is sure, for it
/// borrows from those above; and that is the one that is asked for. @see Bit Twiddling Hacks, "a byte less than n"
inline std::size_t find_control(std::string_view text, std::size_t begin) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    std::size_t at = begin;
    while (at + 8 <= text.size()) {
        std::uint64_t word;
        std::memcpy(&word, text.data() + at, 8);
        if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
        const std::uint64_t small = (word - ones * 0x20) & ~word & highs;
        const std::uint64_t is_delete = word ^ ones * 0x7f;
        const std::uint64_t hits = small | ((is_delete - ones) & ~is_delete & highs);
        if (hits == 0) {
            at += 8;
            continue;
        }
        at += static_cast<std::size_t>(std::countr_zero(hits)) / 8;
        if (text[at] != '\t') return at;
        ++at;
    }
    while (at < text.size() && is_value_character(text[at])) ++at;
    return at;
}

}  // namespace weft::inline v0::http
