// SPDX-License-Identifier: Apache-2.0
// Frames made by hand, also such as nobody may send; independent of what the library writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weft_test {

enum : unsigned {
    fin = 0x80,
    rsv1 = 0x40,
    rsv2 = 0x20,
    rsv3 = 0x10,
    text = 1,
    binary = 2,
    closing = 8,
    ping = 9,
    pong = 10
};

inline std::string big_endian(std::uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
    return out;
}

/// As a server sends it: @param first  its first byte
inline std::string from_server(unsigned first, std::string_view payload) {
    std::string out(1, static_cast<char>(first));
    if (payload.size() < 126) {
        out += static_cast<char>(payload.size());
    } else if (payload.size() < 65536) {
        out += '\x7e' + big_endian(payload.size(), 2);
    } else {
        out += '\x7f' + big_endian(payload.size(), 8);
    }
    return out.append(payload);
}

/// As a client sends it, masked.
inline std::string from_client(unsigned first, std::string_view payload) {
    constexpr std::string_view mask = "\x37\xfa\x21\x3d";
    std::string out = from_server(first, payload);
    out[1] = static_cast<char>(out[1] | 0x80);
    const std::size_t head = out.size() - payload.size();
    for (std::size_t i = 0; i < payload.size(); ++i) out[head + i] = static_cast<char>(out[head + i] ^ mask[i % 4]);
    return out.insert(head, mask);
}

/// What a close frame carries.
inline std::string code(unsigned number, std::string_view reason = {}) { return big_endian(number, 2).append(reason); }

}  // namespace weft_test
