// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/server/ip_network.hpp"

#include <weft/http/headers.hpp>
#include <weft/http/server.hpp>
#include <weft/io/address.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

/// Who a request's sender is, according to proxies that are trusted.
///
/// Each proxy appends whom it was asked by. What the nearest one has appended is true; if that names a trusted proxy, what
/// this one has appended is true as well, and so on to the left. Everything further left a stranger may have made up.
class trusted_proxies {
public:
    /// @param list  addresses, networks, "unix"  @throws std::invalid_argument  something else
    trusted_proxies(const std::vector<std::string>& list, http::proxy_fields fields);

    bool empty() const noexcept { return networks_.empty() && !trusts_nameless_; }
    /// @param here  our end of its connection
    bool trusts(const address& peer, const address& here) const noexcept;

    struct sender {
        std::optional<address> client;  // empty: the proxy itself, as far as is known
        std::string_view scheme;  // "http", "https"; empty: nothing is said of it
    };
    /// @param said  the fields of a request that a trusted proxy has sent
    sender find(const headers& said) const;

private:
    bool trusts(const ip_address& a) const noexcept;
    sender by_x_forwarded(const headers& said) const;
    sender by_forwarded(const headers& said) const;
    bool goes_on(std::string_view node, sender& found) const;

    std::vector<ip_network> networks_;
    http::proxy_fields fields_;
    bool trusts_nameless_ = false;
};

}  // namespace weft::inline v0::http
