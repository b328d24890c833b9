// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/tls_error.hpp>

namespace weft::inline v0 {

namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "tls"; }
    std::string message(int value) const override {
        switch (static_cast<tls_errc>(value)) {
            case tls_errc::certificate_expired: return "the certificate has expired";
            case tls_errc::certificate_not_yet_valid: return "the certificate is not valid yet";
            case tls_errc::self_signed_certificate: return "the certificate is self-signed and not trusted";
            case tls_errc::unknown_authority: return "the certificate is from an authority that is not trusted";
            case tls_errc::host_mismatch: return "the certificate is for another host";
            case tls_errc::name_constraint_violated: return "the authority may not vouch for this name";
            case tls_errc::certificate_revoked: return "the certificate was revoked";
            case tls_errc::revocation_unknown: return "whether the certificate was revoked is not known";
            case tls_errc::certificate_invalid: return "the certificate is invalid";
            case tls_errc::certificate_required: return "the client gave no certificate";
            case tls_errc::truncated: return "the connection ended without close_notify";
            case tls_errc::closed_in_handshake: return "the connection was closed during the handshake";
            case tls_errc::not_tls: return "the peer does not speak TLS";
            case tls_errc::no_common_ground: return "no version, cipher or protocol in common";
            case tls_errc::refused_by_peer: return "the peer refuses";
            case tls_errc::protocol_error: return "a violation of the protocol";
            case tls_errc::bad_configuration: return "a configuration that cannot be used";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& tls_category() noexcept {
    static const category one;
    return one;
}

}  // namespace weft::inline v0
