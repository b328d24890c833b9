// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tls/openssl.hpp"

#include <weft/tls/tls_info.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>

namespace weft::inline v0 {

class tls_context_core;

/// TLS between bytes and bytes: OpenSSL without a socket. What the peer sent goes in by feed(), and is read from where
/// it lies; what is for the peer comes out through `output` within the call that makes it.
class tls_engine {
public:
    class output {
    public:
        /// @return false: no memory, the connection is lost
        virtual bool on_ciphertext(std::span<const std::byte> bytes) noexcept = 0;

    protected:
        ~output() = default;
    };

    /// @param server_hostname  for a client: whom the certificate must name; empty: no name is checked
    /// @param peer  "127.0.0.1:80"  @throws std::bad_alloc, std::invalid_argument
    tls_engine(std::shared_ptr<tls_context_core> context, std::string server_hostname, const std::string& peer,
               output& to);
    tls_engine(const tls_engine&) = delete;
    tls_engine& operator=(const tls_engine&) = delete;

    /// What the next calls read.
    void feed(std::span<const std::byte> received) noexcept { received_ = received; }

    enum class status {
        done,
        wants_input,
        ended,  ///< the peer has sent close_notify
        failed  ///< explain() says why; it is to be called before anything else
    };
    status handshake();
    /// Fills `into` as far as what was fed goes. @param count  is set, whatever the status
    status read(std::span<std::byte> into, std::size_t& count);
    /// @param count  is set to what was taken: less than all if not done
    status write(std::span<const std::byte> bytes, std::size_t& count);
    /// Sends close_notify.
    void end() noexcept;

    /// What to throw. @param doing_with  "TLS with "  @param peer  "127.0.0.1:80"
    std::exception_ptr explain(const char* doing_with, const std::string& peer) noexcept;
    /// The same where there is only room for an errno: EPROTO, or ENOMEM. To be followed by explain().
    int errno_of_failure() const noexcept;

    const tls_context_core& context() const noexcept { return *context_; }
    tls_info info() const;

private:
    friend struct tls_callbacks;
    /// Of records in a row that carry no data: as many as OpenSSL takes of empty ones.
    static constexpr int idle_records_limit = 32;
    bool is_flooded() const noexcept { return idle_records_ > idle_records_limit; }
    status status_of(int result) noexcept;
    void expect_host(const std::string& host);
    std::exception_ptr explain_certificate(const std::string& doing) const;

    std::shared_ptr<tls_context_core> context_, first_context_;  // two if a server chose another by SNI
    output& output_;
    std::span<const std::byte> received_;
    std::string server_hostname_, session_key_;
    int certificate_error_ = 0;        // X509_V_ERR_…
    std::string certificate_subject_, certificate_issuer_;  // of the certificate that it is about
    std::exception_ptr thrown_;        // by choose_context
    int idle_records_ = 0;             // after the handshake, since the last data either way
    bool out_of_memory_ = false, has_chosen_ = false, has_shaken_hands_ = false;
    ssl_ptr ssl_;
};

}  // namespace weft::inline v0
