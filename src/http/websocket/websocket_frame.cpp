// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_frame.hpp"

#include "http/crypto/random_bytes.hpp"

#include <cstring>

namespace weft::inline v0::http {

namespace {

constexpr unsigned final_bit = 0x80, compressed_bit = 0x40, reserved_bits = 0x30, mask_bit = 0x80;
constexpr unsigned length_in_2_bytes = 126, length_in_8_bytes = 127;

unsigned byte_at(std::string_view text, std::size_t at) noexcept { return static_cast<unsigned char>(text[at]); }

std::uint64_t number_at(std::string_view text, std::size_t at, std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | byte_at(text, at + i);
    return value;
}

bool is_opcode(unsigned number) noexcept { return number <= 2 || (number >= 8 && number <= 10); }

/// What the first two bytes alone show.
std::string_view judge(const websocket_frame_head& head, unsigned first, unsigned short_length,
                       websocket_frame_rules rules) noexcept {
    if (first & reserved_bits) return "a reserved bit is set";
    if (!is_opcode(first & 0x0f)) return "an opcode is unknown";
    if (head.is_compressed && !rules.may_be_compressed) return "a frame is compressed, which was not agreed on";
    if (head.is_compressed && (is_control(head.opcode) || head.opcode == websocket_opcode::continuation))
        return "a frame that begins no message is marked as compressed";
    if (head.is_masked != rules.are_masked) return rules.are_masked ? "a frame is not masked" : "a frame is masked";
    if (!is_control(head.opcode)) return {};
    if (!head.is_final) return "a control frame is fragmented";
    if (short_length > max_control_bytes) return "a control frame is longer than 125 bytes";
    return {};
}

}  // namespace

std::string_view read_frame_head(std::string_view input, websocket_frame_rules rules, websocket_frame_head& into,
                                 std::size_t& size) noexcept {
    size = 0;
    if (input.size() < 2) return {};
    const unsigned first = byte_at(input, 0), second = byte_at(input, 1);
    const unsigned short_length = second & ~mask_bit;
    into.opcode = static_cast<websocket_opcode>(first & 0x0f);
    into.is_final = first & final_bit;
    into.is_compressed = first & compressed_bit;
    into.is_masked = second & mask_bit;
    if (const std::string_view wrong = judge(into, first, short_length, rules); !wrong.empty()) return wrong;

    const std::size_t more = short_length == length_in_8_bytes ? 8 : short_length == length_in_2_bytes ? 2 : 0;
    const std::size_t whole = 2 + more + (into.is_masked ? into.mask.size() : 0);
    if (input.size() < 2 + more) return {};
    into.length = more ? number_at(input, 2, more) : short_length;
    if ((more == 2 && into.length < length_in_2_bytes) || (more == 8 && into.length <= 0xffff))
        return "a length takes more bytes than it needs";
    if (into.length >> 63) return "a length has its highest bit set";
    if (input.size() < whole) return {};
    if (into.is_masked) std::memcpy(into.mask.data(), input.data() + 2 + more, into.mask.size());
    size = whole;
    return {};
}

void append_frame_head(std::string& to, const websocket_frame_head& head) {
    const unsigned first = (head.is_final ? final_bit : 0) | (head.is_compressed ? compressed_bit : 0) |
                           static_cast<unsigned>(head.opcode);
    const std::size_t more = head.length > 0xffff ? 8 : head.length >= length_in_2_bytes ? 2 : 0;
    const unsigned short_length = more == 8   ? length_in_8_bytes
                                  : more == 2 ? length_in_2_bytes
                                              : static_cast<unsigned>(head.length);
    to += static_cast<char>(first);
    to += static_cast<char>((head.is_masked ? mask_bit : 0) | short_length);
    for (std::size_t i = more; i > 0; --i) to += static_cast<char>(head.length >> (8 * (i - 1)));
    if (head.is_masked) to.append(head.mask.data(), head.mask.size());
}

void apply_mask(char* bytes, std::size_t size, const websocket_mask& mask, std::uint64_t position) noexcept {
    char turned[8];
    for (std::size_t i = 0; i < sizeof turned; ++i) turned[i] = mask[(position + i) % mask.size()];
    std::uint64_t pattern;
    std::memcpy(&pattern, turned, sizeof pattern);
    std::size_t at = 0;
    for (; size - at >= sizeof pattern; at += sizeof pattern) {
        std::uint64_t eight;
        std::memcpy(&eight, bytes + at, sizeof eight);
        eight ^= pattern;
        std::memcpy(bytes + at, &eight, sizeof eight);
    }
    for (std::size_t i = 0; at < size; ++at, ++i) bytes[at] = static_cast<char>(bytes[at] ^ turned[i]);
}

websocket_mask make_mask() {
    websocket_mask mask;
    fill_with_random_bytes(mask);
    return mask;
}

void append_frame(std::string& to, websocket_role sender, websocket_opcode opcode, std::string_view payload,
                  bool is_compressed) {
    websocket_frame_head head{.opcode = opcode, .is_compressed = is_compressed, .length = payload.size()};
    if (sender == websocket_role::client) {
        head.is_masked = true;
        head.mask = make_mask();
    }
    to.reserve(to.size() + max_frame_head_bytes + payload.size());
    append_frame_head(to, head);
    const std::size_t begin = to.size();
    to += payload;
    if (head.is_masked) apply_mask(to.data() + begin, payload.size(), head.mask, 0);
}

}  // namespace weft::inline v0::http
