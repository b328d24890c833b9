// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/client_options.hpp>
#include <weft/http/url.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

/// Which requests go through which proxy.
class client_proxy {
public:
    client_proxy() = default;
    /// @throws std::invalid_argument  a proxy's URL is none, or not of http
    explicit client_proxy(const proxy_settings& settings);

    /// @return null: none
    const url* find(const url& to) const noexcept;

private:
    std::optional<url> http_, https_;
    std::vector<std::string> no_proxy_;
};

/// Whether a member of no_proxy means that host.
bool is_reached_directly(std::string_view member, std::string_view host, std::uint16_t port) noexcept;

/// "Basic …", of a URL's user and password.
std::string basic_credentials(const url::userinfo& of);

}  // namespace weft::inline v0::http
