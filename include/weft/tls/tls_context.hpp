// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/tls/tls_error.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0 {

class tls_context;
class tls_context_core;

enum class tls_version { tls_1_2, tls_1_3 };

/// Which certificates of a peer must not have been revoked by their authorities. For each that is looked up there must be
/// its authority's list (CRL, RFC 5280), in force: without, the peer is refused.
/// @see ssl.VERIFY_CRL_CHECK_LEAF, ssl.VERIFY_CRL_CHECK_CHAIN
enum class tls_crl_check {
    none,
    leaf,  ///< the peer's own
    chain  ///< that and those above it
};

/// A certificate, those between it and the root behind it, and its key: PEM, in files or in memory.
struct tls_identity {
    std::string certificate_file = {}, key_file = {};
    std::string certificate_pem = {}, key_pem = {};  ///< in place of the files
    std::string key_password = {};  ///< for a key that is encrypted
};

struct tls_client_options {
    /// Whether the server must prove that it is the host it is taken for: by a certificate with that name, from an
    /// authority that is trusted. The name is among the certificate's alternative names; where it has no name of a host
    /// there, its subject's common name counts, as in CPython (hostname_checks_common_name). False gives all of that up: whoever is on the way to the server can then pose as it,
    /// read everything and change it.
    bool verify = true;
    /// Refuse certificates that are not made as RFC 5280 wants them: one without its authority's key identifier, an
    /// authority without a key usage. False takes them, for the sake of an authority of one's own; nothing else changes.
    /// A certificate that is itself among those trusted is taken as it is. @see ssl.VERIFY_X509_STRICT
    bool verify_strict = true;
    /// Trust the authorities that this machine trusts (where OpenSSL finds them: SSL_CERT_FILE, SSL_CERT_DIR). Those in
    /// a directory are read one by one, when a server's certificate asks for them.
    bool system_authorities = true;
    /// Further authorities, in PEM. Revocation lists among them are read as well.
    std::string ca_file = {}, ca_pem = {};
    /// Revocation lists, in PEM; also those in SSL_CERT_DIR count. They are what they are when the context is made: one that
    /// is to know newer lists is a new context.
    std::string crl_file = {}, crl_pem = {};
    tls_crl_check crl_check = tls_crl_check::none;
    /// What this client proves itself by to a server that asks.
    tls_identity identity = {};
    /// The protocols to be spoken inside, the best first ("h2", "http/1.1"). @see stream::tls, RFC 7301
    std::vector<std::string> alpn_protocols = {};
    tls_version minimum_version = tls_version::tls_1_2;
    /// Goes on with an earlier connection's session to the same host and port where the server lets it: one round trip
    /// less in TLS 1.2, and no certificates to be sent and checked. A context keeps the sessions: the newest four of a
    /// host and port, of 1024 of these, and none of more than 16 KiB.
    bool resume_sessions = true;
    std::chrono::nanoseconds handshake_timeout = std::chrono::seconds(60);
    /// How long closing waits for a peer that takes nothing of what is unsent, before the connection is reset; and then
    /// for its close_notify.
    std::chrono::nanoseconds shutdown_timeout = std::chrono::seconds(30);
};

struct tls_server_options {
    /// In PEM: the authorities that vouch for clients. If there are any, clients are asked for a certificate.
    std::string client_ca_file = {}, client_ca_pem = {};
    bool client_verify_strict = true;  ///< @see tls_client_options::verify_strict
    /// Revocation lists of these authorities, as a client's. @see tls_client_options::crl_file
    std::string client_crl_file = {}, client_crl_pem = {};
    tls_crl_check client_crl_check = tls_crl_check::none;
    /// Refuse clients that give none.
    bool require_client_certificate = false;
    /// The protocols that are spoken inside, the best first. The first one that the client offers as well is taken; if
    /// there is none the connection goes on without.
    std::vector<std::string> alpn_protocols = {};
    /// Called with the host that a client asks for (SNI; empty if it names none): gives the context to go on with, or
    /// nothing for this one. What it throws ends that handshake. Must be safe to call on every thread that has a loop
    /// which uses the context.
    std::function<std::optional<tls_context>(const std::string& host)> choose_context = {};
    tls_version minimum_version = tls_version::tls_1_2;
    bool resume_sessions = true;
    std::chrono::nanoseconds handshake_timeout = std::chrono::seconds(60);
    std::chrono::nanoseconds shutdown_timeout = std::chrono::seconds(30);
};

/// What TLS connections have in common: certificates, whom they trust, what they offer. Made once, used by any number
/// of connections; a copy is the same one. Ciphers are OpenSSL's defaults; renegotiation and compression are off.
///
/// Making one reads files and takes milliseconds.
/// @thread any, also at the same time  @see ssl.create_default_context, ssl.SSLContext
class tls_context {
public:
    /// @throws tls_error  bad_configuration; std::system_error  a file that cannot be read
    static tls_context client(const tls_client_options& options = {});
    /// @param certificate_file  PEM: the server's certificate, then those between it and the root
    /// @param key_file  PEM: its private key  @throws as client()
    static tls_context server(const std::string& certificate_file, const std::string& key_file,
                              const tls_server_options& options = {});
    static tls_context server(const tls_identity& identity, const tls_server_options& options = {});

    bool is_server() const noexcept;

private:
    friend class tls_context_core;
    explicit tls_context(std::shared_ptr<tls_context_core> core) noexcept : core_(std::move(core)) {}
    std::shared_ptr<tls_context_core> core_;
};

}  // namespace weft::inline v0
