// SPDX-License-Identifier: Apache-2.0
#include "tls/tls_engine.hpp"

#include "tls/expected_host.hpp"
#include "tls/tls_callbacks.hpp"
#include "tls/tls_context_core.hpp"

#include <weft/tls/tls_error.hpp>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <ctime>
#include <new>
#include <stdexcept>
#include <utility>

namespace weft::inline v0 {

std::string to_text(const X509_NAME* name) {
    const bio_ptr memory(BIO_new(BIO_s_mem()));
    if (!memory || X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0) throw std::bad_alloc();
    const char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

tls_engine::tls_engine(std::shared_ptr<tls_context_core> context, std::string server_hostname, const std::string& peer,
                       output& to)
    : context_(std::move(context)),
      first_context_(context_),
      output_(to),
      server_hostname_(std::move(server_hostname)),
      ssl_(SSL_new(context_->get())) {
    if (!ssl_) throw std::bad_alloc();
    if (!SSL_set_app_data(ssl_.get(), this)) throw std::bad_alloc();
    SSL_set_msg_callback(ssl_.get(), tls_callbacks::count_record);  // OpenSSL 3.2 and later look at it once, at first
    SSL_set_read_ahead(ssl_.get(), 0);  // a flood is ended at the head of a record: it is to be asked for alone
    BIO* const bio = tls_callbacks::new_bio(*this);
    SSL_set_bio(ssl_.get(), bio, bio);  // which owns it
    if (context_->is_server()) {
        if (!server_hostname_.empty()) {
            throw std::invalid_argument("start_tls: server_hostname is only meaningful with a client's context");
        }
        SSL_set_accept_state(ssl_.get());
        return;
    }
    SSL_set_connect_state(ssl_.get());
    if (!server_hostname_.empty()) {
        expect_host(server_hostname_);
    } else if (context_->verifies()) {
        throw std::invalid_argument("start_tls: a client that verifies needs server_hostname");
    }
    if (!context_->keeps_sessions()) return;
    session_key_ = server_hostname_ + ' ' + peer;
    if (const auto session = context_->sessions().take(session_key_)) SSL_set_session(ssl_.get(), session.get());
}

/// Asks for `host` by name (RFC 6066 has no addresses), and checks that the certificate is for it.
void tls_engine::expect_host(const std::string& host) {
    const auto [name, is_address] = parse_expected_host("start_tls", host);
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl_.get());
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool is_set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str())
                                   : X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size()) &&
                                         SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
    if (is_set) return;
    ERR_clear_error();
    throw std::bad_alloc();  // nothing else is left that could be wrong
}

tls_engine::status tls_engine::status_of(int result) noexcept {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_NONE: return status::done;
        case SSL_ERROR_WANT_READ: return status::wants_input;
        case SSL_ERROR_ZERO_RETURN: return status::ended;
        default: return status::failed;
    }
}

tls_engine::status tls_engine::handshake() {
    ERR_clear_error();
    const status now = status_of(SSL_do_handshake(ssl_.get()));
    has_shaken_hands_ = now == status::done;
    return now;
}

tls_engine::status tls_engine::read(std::span<std::byte> into, std::size_t& count) {
    count = 0;
    while (count < into.size()) {
        std::size_t more = 0;
        ERR_clear_error();
        const int result = SSL_read_ex(ssl_.get(), into.data() + count, into.size() - count, &more);
        if (result != 1) return status_of(result);
        count += more;
        idle_records_ = 0;
    }
    return status::done;
}

tls_engine::status tls_engine::write(std::span<const std::byte> bytes, std::size_t& count) {
    count = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    if (result != 1) return status_of(result);
    idle_records_ = 0;
    return status::done;
}

void tls_engine::end() noexcept {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();  // if it cannot be said there is nobody to tell
}

// What went wrong

namespace {

/// The first thing that OpenSSL's TLS has said, else the first thing that any part of it has.
unsigned long first_error() noexcept {
    unsigned long first = 0;
    while (const unsigned long e = ERR_get_error()) {
        if (ERR_GET_LIB(e) == ERR_LIB_SSL) {
            ERR_clear_error();
            return e;
        }
        if (!first) first = e;
    }
    return first;
}

tls_errc code_of(unsigned long e, bool in_handshake) noexcept {
    if (ERR_GET_LIB(e) != ERR_LIB_SSL) return tls_errc::protocol_error;
    const int reason = ERR_GET_REASON(e);
    if (reason >= SSL_AD_REASON_OFFSET) return tls_errc::refused_by_peer;
    switch (reason) {
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return tls_errc::certificate_required;
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: return tls_errc::truncated;
        case SSL_R_HTTP_REQUEST:
        case SSL_R_HTTPS_PROXY_REQUEST: return tls_errc::not_tls;
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
        case SSL_R_RECORD_TOO_SMALL:
        case SSL_R_UNKNOWN_PROTOCOL: return in_handshake ? tls_errc::not_tls : tls_errc::protocol_error;
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_NO_PROTOCOLS_AVAILABLE:
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_NO_SUITABLE_GROUPS:
        case SSL_R_NO_SUITABLE_KEY_SHARE:
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM: return tls_errc::no_common_ground;
        default: return tls_errc::protocol_error;
    }
}

tls_errc code_of_certificate(int error) noexcept {
    switch (error) {
        case X509_V_ERR_CERT_HAS_EXPIRED: return tls_errc::certificate_expired;
        case X509_V_ERR_CERT_NOT_YET_VALID: return tls_errc::certificate_not_yet_valid;
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return tls_errc::self_signed_certificate;
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return tls_errc::unknown_authority;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH: return tls_errc::host_mismatch;
        case X509_V_ERR_PERMITTED_VIOLATION:
        case X509_V_ERR_EXCLUDED_VIOLATION:
        case X509_V_ERR_SUBTREE_MINMAX:
        case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
        case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
        case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX: return tls_errc::name_constraint_violated;
        case X509_V_ERR_CERT_REVOKED: return tls_errc::certificate_revoked;
        case X509_V_ERR_UNABLE_TO_GET_CRL:
        case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
        case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
        case X509_V_ERR_CRL_SIGNATURE_FAILURE:
        case X509_V_ERR_CRL_NOT_YET_VALID:
        case X509_V_ERR_CRL_HAS_EXPIRED:
        case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
        case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
        case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
        case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
        case X509_V_ERR_DIFFERENT_CRL_SCOPE:
        case X509_V_ERR_CRL_PATH_VALIDATION_ERROR: return tls_errc::revocation_unknown;
        default: return tls_errc::certificate_invalid;
    }
}

}  // namespace

std::exception_ptr tls_engine::explain_certificate(const std::string& doing) const {
    const tls_errc code = code_of_certificate(certificate_error_);
    std::string what = doing + ": " + certificate_subject_;
    if (code == tls_errc::host_mismatch) what += ", not " + server_hostname_;
    if (code == tls_errc::revocation_unknown) what += ": the revocation list of " + certificate_issuer_;
    if (code == tls_errc::certificate_invalid || code == tls_errc::revocation_unknown) {
        what += ": ";
        what += X509_verify_cert_error_string(certificate_error_);
    }
    return std::make_exception_ptr(tls_error(code, what));
}

int tls_engine::errno_of_failure() const noexcept {
    return out_of_memory_ || ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE ? ENOMEM : EPROTO;
}

std::exception_ptr tls_engine::explain(const char* doing_with, const std::string& peer) noexcept {
    const unsigned long e = first_error();  // which leaves none behind
    try {
        if (thrown_) return thrown_;
        const std::string doing = doing_with + peer;
        if (out_of_memory_ || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE) {
            return std::make_exception_ptr(std::system_error(ENOMEM, std::generic_category(), doing));
        }
        if (is_flooded()) {
            const std::string limit = std::to_string(idle_records_limit);
            return std::make_exception_ptr(
                tls_error(tls_errc::protocol_error, doing + ": more than " + limit + " records in a row without data"));
        }
        const bool is_ssl = ERR_GET_LIB(e) == ERR_LIB_SSL;
        if (is_ssl && ERR_GET_REASON(e) == SSL_R_CERTIFICATE_VERIFY_FAILED) return explain_certificate(doing);
        const char* const reason = ERR_reason_error_string(e);
        const std::string what = doing + ": " + (reason ? reason : "no reason is known");
        return std::make_exception_ptr(tls_error(code_of(e, !SSL_is_init_finished(ssl_.get())), what));
    } catch (...) {
        return std::current_exception();
    }
}

// What was agreed on

namespace {

std::chrono::system_clock::time_point to_time(const ASN1_TIME* t) {
    std::tm parts{};
    if (!ASN1_TIME_to_tm(t, &parts)) return {};
    return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

tls_certificate describe(X509* certificate) {
    tls_certificate out{.subject = to_text(X509_get_subject_name(certificate)),
                        .issuer = to_text(X509_get_issuer_name(certificate)),
                        .not_before = to_time(X509_get0_notBefore(certificate)),
                        .not_after = to_time(X509_get0_notAfter(certificate)),
                        .der = {}};
    const int size = i2d_X509(certificate, nullptr);
    if (size <= 0) throw std::bad_alloc();
    out.der.resize(static_cast<std::size_t>(size));
    auto* to = reinterpret_cast<unsigned char*>(out.der.data());
    i2d_X509(certificate, &to);
    return out;
}

}  // namespace

tls_info tls_engine::info() const {
    const unsigned char* protocol = nullptr;
    unsigned protocol_size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &protocol, &protocol_size);
    const char* const asked_for = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    return {.version = SSL_get_version(ssl_.get()),
            .cipher = SSL_get_cipher_name(ssl_.get()),
            .alpn_protocol = std::string(reinterpret_cast<const char*>(protocol), protocol_size),
            .server_name = asked_for ? asked_for : "",
            .session_resumed = SSL_session_reused(ssl_.get()) == 1,
            .peer_certificate = certificate ? std::optional(describe(certificate)) : std::nullopt};
}

}  // namespace weft::inline v0
