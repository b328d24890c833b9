// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_connection.hpp"

#include <weft/tls/tls_info.hpp>

#include <optional>
#include <string_view>

// Who is at the other end, whom it speaks for, and whom it takes us for.

namespace weft::inline v0::http {

/// What is the same for all its requests.
void server_connection::learn_of_peer() {
    const server_setup& setup = server_->setup();
    if (!setup.proxies.empty()) is_behind_proxy_ = setup.proxies.trusts(stream_.peer(), stream_.local());
    has_wanted_hosts_ = !setup.hosts.empty();
    const std::optional<tls_info> agreed = stream_.tls();
    if (!agreed) return;
    is_secure_ = true;
    // A proxy that ends its clients' TLS may ask for us by another name than they did.
    if (agreed->server_name.empty() || is_behind_proxy_) return;
    tls_host_ = std::make_unique<const std::string>(agreed->server_name);
    has_wanted_hosts_ = true;
}

address server_connection::peer() const {
    if (is_behind_proxy_) {
        if (auto sender = server_->setup().proxies.find(request().head.fields); sender.client)
            return *std::move(sender.client);
    }
    return stream_.peer();
}

bool server_connection::is_secure() const noexcept {
    if (is_behind_proxy_) {
        const std::string_view scheme = server_->setup().proxies.find(request().head.fields).scheme;
        if (!scheme.empty()) return scheme == "https";
    }
    return is_secure_;
}

/// The request is for a host that is not served here, or another than that of the certificate that was shown. (Behind one
/// connection there may be a proxy that serves several hosts, and takes a request by its Host from one to another.)
bool server_connection::is_misdirected() const noexcept {
    const std::string_view name = host_name(request().head.host());
    const host_list& hosts = server_->setup().hosts;
    if (!hosts.empty() && !hosts.allows(name)) return true;
    return tls_host_ && !name.empty() && !is_same_token(name, *tls_host_);
}

}  // namespace weft::inline v0::http
