// SPDX-License-Identifier: Apache-2.0
#include "http/crypto/sha1.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

namespace weft::inline v0::http {

namespace {

using digest = std::array<std::uint32_t, 5>;

void take_block(digest& h, const char* block) {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 64; ++i) w[i / 4] = w[i / 4] << 8 | static_cast<unsigned char>(block[i]);
    for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = h;
    for (std::size_t i = 0; i < 80; ++i) {
        const std::uint32_t mixed = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                                    : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                                    : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                             : (b ^ c ^ d) + 0xca62c1d6;
        const std::uint32_t next = std::rotl(a, 5) + mixed + e + w[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    h = {h[0] + a, h[1] + b, h[2] + c, h[3] + d, h[4] + e};
}

}  // namespace

std::array<char, 20> sha1(std::string_view text) {
    digest h = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    std::string padded(text);
    padded += '\x80';
    padded.resize((padded.size() + 8 + 63) / 64 * 64 - 8, '\0');
    const std::uint64_t bits = std::uint64_t{8} * text.size();
    for (int shift = 56; shift >= 0; shift -= 8) padded += static_cast<char>(bits >> shift);
    for (std::size_t at = 0; at < padded.size(); at += 64) take_block(h, padded.data() + at);
    std::array<char, 20> result;
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<char>(h[i / 4] >> (24 - 8 * (i % 4)));
    return result;
}

}  // namespace weft::inline v0::http
