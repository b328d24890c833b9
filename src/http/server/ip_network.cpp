// SPDX-License-Identifier: Apache-2.0
#include "http/server/ip_network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace weft::inline v0::http {

namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned v4_prefix_bits = 96;

}  // namespace

std::optional<ip_address> ip_address::parse(std::string_view text) noexcept {
    char digits[INET6_ADDRSTRLEN] = {};
    // inet_pton() would take what stands before a NUL for all of it.
    if (text.size() >= sizeof digits || text.contains('\0')) return std::nullopt;
    std::ranges::copy(text, digits);
    ip_address a;
    if (::inet_pton(AF_INET6, digits, a.bytes_.data()) == 1) return a;
    std::ranges::copy(v4_prefix, a.bytes_.begin());
    if (::inet_pton(AF_INET, digits, a.bytes_.data() + v4_prefix.size()) == 1) return a;
    return std::nullopt;
}

bool ip_address::is_v4() const noexcept { return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes_.begin()); }

std::string ip_address::to_string() const {
    char text[INET6_ADDRSTRLEN] = {};
    if (is_v4()) {
        ::inet_ntop(AF_INET, bytes_.data() + v4_prefix.size(), text, sizeof text);
    } else {
        ::inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
    }
    return text;
}

std::optional<ip_network> ip_network::parse(std::string_view text) noexcept {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const auto base = ip_address::parse(text.substr(0, slash));
    if (!base) return std::nullopt;
    ip_network n;
    n.base_ = *base;
    if (slash == text.size()) return n;

    const bool is_v4 = !text.substr(0, slash).contains(':');
    const std::string_view size = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), bits);
    if (error != std::errc() || end != size.data() + size.size() || bits > (is_v4 ? 32u : 128u)) return std::nullopt;
    n.bits_ = bits + (is_v4 ? v4_prefix_bits : 0);
    for (unsigned bit = n.bits_; bit < 128; ++bit) {
        if (n.base_.bytes_[bit / 8] & (0x80u >> bit % 8)) return std::nullopt;
    }
    return n;
}

bool ip_network::contains(const ip_address& a) const noexcept {
    const unsigned whole = bits_ / 8;
    if (std::memcmp(a.bytes_.data(), base_.bytes_.data(), whole) != 0) return false;
    if (bits_ % 8 == 0) return true;
    const unsigned mask = 0xff00u >> bits_ % 8 & 0xff;
    return ((a.bytes_[whole] ^ base_.bytes_[whole]) & mask) == 0;
}

}  // namespace weft::inline v0::http
