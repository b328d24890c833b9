// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <system_error>
#include <type_traits>

namespace weft::inline v0 {

/// Why TLS refused a peer, or could not go on.
enum class tls_errc {
    certificate_expired = 1,    ///< the peer's certificate, or one above it, has expired
    certificate_not_yet_valid,  ///< … is not valid yet
    self_signed_certificate,    ///< it vouches for itself, and is not among those trusted
    unknown_authority,          ///< nobody who is trusted vouches for it
    host_mismatch,              ///< it is another host's
    name_constraint_violated,   ///< who vouches for it may not vouch for such a name
    certificate_revoked,        ///< its authority has taken it back
    revocation_unknown,         ///< … may have: there is no list of that authority, or none in force
    certificate_invalid,        ///< anything else that is wrong with it
    certificate_required,       ///< a client came without one
    truncated,                  ///< the connection ended without close_notify: what came may not be all
    closed_in_handshake,        ///< the peer closed the connection before the handshake was over
    not_tls,                    ///< the peer does not speak TLS
    no_common_ground,           ///< no version, cipher or protocol that both sides allow
    refused_by_peer,            ///< the peer sent an alert; what() says which
    protocol_error,             ///< anything else: what came is not as it must be
    bad_configuration,          ///< a certificate, key or option that a context cannot use
};

/// "tls"
const std::error_category& tls_category() noexcept;
inline std::error_code make_error_code(tls_errc e) noexcept { return {static_cast<int>(e), tls_category()}; }

/// What goes wrong with TLS itself; what goes wrong below it (connection_reset …) stays a std::system_error of the
/// generic category. what() names the peer, what was being done, and the reason in OpenSSL's words.
///
///     catch (const tls_error& e) { if (e.code() == tls_errc::certificate_expired) … }
///
/// @see ssl.SSLError, ssl.SSLCertVerificationError
class tls_error : public std::system_error {
public:
    tls_error(tls_errc code, const std::string& what) : std::system_error(make_error_code(code), what) {}
};

}  // namespace weft::inline v0

template <>
struct std::is_error_code_enum<weft::tls_errc> : std::true_type {};
