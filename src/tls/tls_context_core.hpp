// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tls/openssl.hpp"
#include "tls/tls_session_cache.hpp"

#include <weft/base/clock.hpp>
#include <weft/tls/tls_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace weft::inline v0 {

/// A context as connections see it: unchanging, but for the sessions it collects.
class tls_context_core {
public:
    explicit tls_context_core(const tls_client_options& options);
    tls_context_core(const tls_identity& identity, const tls_server_options& options);

    static std::shared_ptr<tls_context_core> of(const tls_context& c) noexcept { return c.core_; }
    static tls_context wrap(std::shared_ptr<tls_context_core> core) noexcept { return tls_context(std::move(core)); }

    SSL_CTX* get() const noexcept { return ssl_context_.get(); }
    bool is_server() const noexcept { return is_server_; }
    bool verifies() const noexcept { return SSL_CTX_get_verify_mode(get()) != SSL_VERIFY_NONE; }
    nanos handshake_timeout() const noexcept { return handshake_timeout_; }
    nanos shutdown_timeout() const noexcept { return shutdown_timeout_; }
    bool keeps_sessions() const noexcept { return keeps_sessions_; }
    tls_session_cache& sessions() noexcept { return sessions_; }
    /// As they are sent (RFC 7301).
    const std::string& alpn_protocols() const noexcept { return alpn_protocols_; }
    std::optional<tls_context> choose(const std::string& host) const {
        return choose_context_ ? choose_context_(host) : std::nullopt;
    }

private:
    void make(const SSL_METHOD* method, tls_version minimum);
    void set_alpn_protocols(const std::vector<std::string>& protocols);
    void use(const tls_identity& identity);
    void trust(const std::string& file, const std::string& pem, bool announce);
    std::size_t add_revocations(const std::string& name, const std::string& text);
    void set_strict() noexcept;
    void set_revocations(const std::string& file, const std::string& pem, tls_crl_check check);

    ssl_context_ptr ssl_context_;
    bool is_server_, keeps_sessions_;
    nanos handshake_timeout_, shutdown_timeout_;
    std::string alpn_protocols_;
    std::function<std::optional<tls_context>(const std::string&)> choose_context_;
    tls_session_cache sessions_;
};

}  // namespace weft::inline v0
