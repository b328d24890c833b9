// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// An address of IPv6; one of IPv4 as "::ffff:a.b.c.d", so that it is one and the same however it is written.
class ip_address {
public:
    /// @return empty: it is none; a zone, a prefix or a port makes it none
    static std::optional<ip_address> parse(std::string_view text) noexcept;

    bool is_v4() const noexcept;
    std::string to_string() const;

    bool operator==(const ip_address&) const = default;

private:
    friend class ip_network;
    std::array<std::uint8_t, 16> bytes_{};
};

/// "10.0.0.0/8", "fd00::/8"; an address alone is a network of one.
class ip_network {
public:
    /// @return empty: it is none, or has bits set behind its prefix
    static std::optional<ip_network> parse(std::string_view text) noexcept;

    bool contains(const ip_address& a) const noexcept;

private:
    ip_address base_;
    unsigned bits_ = 128;
};

}  // namespace weft::inline v0::http
