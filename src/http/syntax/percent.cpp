// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/characters.hpp"

#include <weft/http/percent.hpp>

#include <cstddef>
#include <stdexcept>

namespace weft::inline v0::http {

std::string percent_encode(std::string_view text, std::string_view keep) {
    constexpr std::string_view digits = "0123456789ABCDEF", unreserved = "-._~";
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        if (is_letter(c) || is_digit(c) || unreserved.contains(c) || keep.contains(c)) {
            result += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            result += {'%', digits[byte / 16], digits[byte % 16]};
        }
    }
    return result;
}

std::string percent_decode(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            result += text[at];
            continue;
        }
        const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
        const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
        if (high < 0 || low < 0) throw std::invalid_argument("http: a % without two hexadecimal digits behind it");
        result += static_cast<char>(high * 16 + low);
        at += 2;
    }
    return result;
}

}  // namespace weft::inline v0::http
