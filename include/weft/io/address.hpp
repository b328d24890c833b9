// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace weft::inline v0 {

/// One end of a connection: an IP address and port, or the path of a Unix socket (port 0). Empty for what has none.
struct address {
    std::string host;
    std::uint16_t port = 0;

    /// "127.0.0.1:80", "[::1]:80", "/run/x.sock", "x.sock", "@abstract", or "?". What is no IP address and has no port is
    /// taken for a path.
    std::string to_string() const;
    auto operator<=>(const address&) const = default;
};

}  // namespace weft::inline v0
