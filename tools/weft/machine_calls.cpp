// SPDX-License-Identifier: Apache-2.0
#include "weft/machine_calls.hpp"

#include <elf.h>

#include <cstring>
#include <span>

namespace {

/// Where the instruction goes that begins with these bytes, relative to its own address; nothing if it is no call.
std::optional<std::int64_t> x86_call(std::span<const std::byte> bytes) {
    if (bytes.size() < 5 || bytes[0] != std::byte{0xe8}) return std::nullopt;
    std::int32_t distance = 0;
    std::memcpy(&distance, bytes.data() + 1, sizeof distance);
    return std::int64_t{distance} + 5;
}

std::optional<std::int64_t> aarch64_call(std::span<const std::byte> bytes) {
    if (bytes.size() < 4) return std::nullopt;
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    if (word >> 26 != 0x25) return std::nullopt;  // bl
    return std::int64_t{static_cast<std::int32_t>(word << 6) >> 6} * 4;
}

}  // namespace

std::vector<machine_call> direct_calls(const debug_info& info, const function_symbol& caller) {
    std::vector<machine_call> calls;
    const bool x86 = info.machine() == EM_X86_64;
    if (!x86 && info.machine() != EM_AARCH64) return calls;
    const std::vector<std::byte> code = info.code(caller.address, caller.size);
    for (std::size_t at = 0; at < code.size(); at += x86 ? 1 : 4) {
        const auto rest = std::span(code).subspan(at);
        const auto distance = x86 ? x86_call(rest) : aarch64_call(rest);
        if (!distance) continue;
        const std::uint64_t from = caller.address + at;
        calls.push_back({from, from + static_cast<std::uint64_t>(*distance)});
    }
    return calls;
}

std::optional<unsigned> argument_register(const debug_info& info, unsigned argument) {
    static constexpr unsigned x86[] = {5, 4, 1, 2, 8, 9};  // rdi, rsi, rdx, rcx, r8, r9
    if (info.machine() == EM_AARCH64 && argument < 8) return argument;
    if (info.machine() == EM_X86_64 && argument < std::size(x86)) return x86[argument];
    return std::nullopt;
}
