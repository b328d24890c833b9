// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/client/client_deadline.hpp"
#include "http/client/client_pool.hpp"
#include "http/client/client_proxy.hpp"

#include <weft/http/client_options.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/url.hpp>
#include <weft/tls/tls_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// What the requests of a client have in common. Kept by the client and by each of them until its response begins.
class client_core {
public:
    explicit client_core(client_options options);

    const client_options& options() const noexcept { return options_; }
    client_pool& pool() noexcept { return *pool_; }
    cookie_jar& cookies() noexcept { return cookies_; }
    const url* proxy_for(const url& to) const noexcept { return proxy_.find(to); }

    /// @throws std::invalid_argument
    url to_url(std::string_view reference, const form& query) const;
    /// What connections for that can be used for again.
    static std::string route(const url& to, const url* proxy);
    /// A connection to the server, or to a proxy that is sent whole requests.
    task<stream> connect(const url& to, const url* proxy, client_deadline& deadline);

private:
    task<> tunnel(stream& s, const url& to, const url& proxy, const std::string& what) const;
    const tls_context& tls();

    client_options options_;
    std::shared_ptr<client_pool> pool_;
    cookie_jar cookies_;
    client_proxy proxy_;
    std::optional<url> base_;
    std::optional<tls_context> tls_;  // made when it is wanted
};

}  // namespace weft::inline v0::http
