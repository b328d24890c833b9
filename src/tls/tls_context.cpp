// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/tls_context.hpp>

#include "tls/check_context.hpp"
#include "tls/expected_host.hpp"
#include "tls/tls_callbacks.hpp"
#include "tls/tls_context_core.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <new>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

namespace {

/// @throws tls_error with what OpenSSL has said about it
[[noreturn]] void refuse(const std::string& what) {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    throw tls_error(tls_errc::bad_configuration, "tls_context: " + what + (reason ? std::string(": ") + reason : ""));
}

/// PEM and what to call it.
struct pem_text {
    std::string name, text;
};

pem_text load(const std::string& file, const std::string& pem, const char* what) {
    if (file.empty() == pem.empty()) {
        refuse(std::string(what) + (pem.empty() ? " is missing" : " is given twice, as a file and in memory"));
    }
    if (file.empty()) return {what, pem};
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    std::string text;
    // Not by iterators: of a folder, which can be opened, those throw an error that does not name it.
    for (char part[4096]; in.read(part, sizeof part) || in.gcount() > 0;) {
        text.append(part, static_cast<std::size_t>(in.gcount()));
    }
    if (!in.is_open() || in.bad()) {
        throw std::system_error(errno ? errno : EIO, std::generic_category(), "tls_context: read " + file);
    }
    return {file, std::move(text)};
}

bio_ptr reading(const std::string& text) {
    bio_ptr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (!bio) throw std::bad_alloc();
    return bio;
}

/// Asked for the password of a key. Without this OpenSSL would ask the terminal, and block.
int give_password(char* to, int size, int, void* options) {
    const std::string& password = static_cast<const tls_identity*>(options)->key_password;
    if (password.size() > static_cast<std::size_t>(size)) return -1;
    std::memcpy(to, password.data(), password.size());
    return static_cast<int>(password.size());
}

/// The next certificate; null behind the last one.
x509_ptr next_certificate(BIO* from, const pem_text& pem, bool is_first) {
    x509_ptr certificate(PEM_read_bio_X509_AUX(from, nullptr, nullptr, nullptr));
    if (certificate) return certificate;
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) refuse("a certificate in " + pem.name);
    ERR_clear_error();
    if (is_first) refuse("no certificate in " + pem.name);
    return nullptr;
}

nanos positive(std::chrono::nanoseconds timeout, const char* what) {
    ERR_clear_error();  // what somebody has left behind is not the reason
    // asyncio says the same of zero and less.
    if (timeout <= std::chrono::nanoseconds::zero()) refuse(std::string(what) + " should be a positive time");
    return to_nanos(timeout);
}

}  // namespace

void tls_context_core::make(const SSL_METHOD* method, tls_version minimum) {
    ERR_clear_error();
    ssl_context_.reset(SSL_CTX_new(method));
    if (!ssl_context_) refuse("SSL_CTX_new");
    SSL_CTX_set_min_proto_version(get(), minimum == tls_version::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // An idle connection has no buffers; what is being sent may be somewhere else when it is tried again.
    SSL_CTX_set_mode(get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // An intermediate authority that is trusted needs no root, as in CPython 3.13.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(get()), X509_V_FLAG_PARTIAL_CHAIN);
}

void tls_context_core::set_alpn_protocols(const std::vector<std::string>& protocols) {
    for (const std::string& p : protocols) {
        if (p.empty() || p.size() > 255) refuse("the ALPN protocol \"" + p + "\" has not 1 to 255 bytes");
        alpn_protocols_ += static_cast<char>(p.size());
        alpn_protocols_ += p;
    }
}

void tls_context_core::use(const tls_identity& identity) {
    const pem_text chain = load(identity.certificate_file, identity.certificate_pem, "the certificate");
    const bio_ptr from = reading(chain.text);
    x509_ptr certificate = next_certificate(from.get(), chain, true);
    if (SSL_CTX_use_certificate(get(), certificate.get()) != 1) refuse(chain.name);
    while ((certificate = next_certificate(from.get(), chain, false))) {
        if (SSL_CTX_add1_chain_cert(get(), certificate.get()) != 1) refuse(chain.name);
    }
    const pem_text key_pem = load(identity.key_file, identity.key_pem, "the key");
    auto* const password = const_cast<tls_identity*>(&identity);
    const key_ptr key(PEM_read_bio_PrivateKey(reading(key_pem.text).get(), nullptr, give_password, password));
    if (!key) refuse("no key that can be read in " + key_pem.name);
    if (SSL_CTX_use_PrivateKey(get(), key.get()) != 1 || SSL_CTX_check_private_key(get()) != 1) {
        refuse("the key in " + key_pem.name + " is not that of the certificate in " + chain.name);
    }
}

/// @param announce  tell clients whose certificates are wanted
void tls_context_core::trust(const std::string& file, const std::string& pem, bool announce) {
    const pem_text authorities = load(file, pem, "the authorities");
    const bio_ptr from = reading(authorities.text);
    bool is_first = true;
    while (const x509_ptr authority = next_certificate(from.get(), authorities, is_first)) {
        is_first = false;
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(get()), authority.get()) != 1 ||
            (announce && SSL_CTX_add_client_CA(get(), authority.get()) != 1)) {
            refuse(authorities.name);
        }
    }
    add_revocations(authorities.name, authorities.text);
}

/// @return how many there are
std::size_t tls_context_core::add_revocations(const std::string& name, const std::string& text) {
    const bio_ptr from = reading(text);
    for (std::size_t count = 0;; ++count) {
        const crl_ptr list(PEM_read_bio_X509_CRL(from.get(), nullptr, nullptr, nullptr));
        if (!list) {
            if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) refuse("a revocation list in " + name);
            ERR_clear_error();
            return count;
        }
        if (X509_STORE_add_crl(SSL_CTX_get_cert_store(get()), list.get()) != 1) refuse(name);
    }
}

// What follows is kept with the authorities, and not with the rest of the context's parameters: choose_context() changes
// both together.

/// As CPython's create_default_context() since 3.13, for either side.
void tls_context_core::set_strict() noexcept {
    X509_STORE_set_flags(SSL_CTX_get_cert_store(get()), X509_V_FLAG_X509_STRICT);
}

void tls_context_core::set_revocations(const std::string& file, const std::string& pem, tls_crl_check check) {
    for (const bool is_file : {true, false}) {
        if ((is_file ? file : pem).empty()) continue;
        if (check == tls_crl_check::none) refuse("a revocation list is given, and crl_check is none");
        const pem_text lists =
            load(is_file ? file : std::string(), is_file ? std::string() : pem, "the revocation lists");
        if (add_revocations(lists.name, lists.text) == 0) refuse("no revocation list in " + lists.name);
    }
    if (check == tls_crl_check::none) return;
    const unsigned long flags = X509_V_FLAG_CRL_CHECK | (check == tls_crl_check::chain ? X509_V_FLAG_CRL_CHECK_ALL : 0);
    X509_STORE_set_flags(SSL_CTX_get_cert_store(get()), flags);
}

tls_context_core::tls_context_core(const tls_client_options& options)
    : is_server_(false),
      keeps_sessions_(options.resume_sessions),
      handshake_timeout_(positive(options.handshake_timeout, "handshake_timeout")),
      shutdown_timeout_(positive(options.shutdown_timeout, "shutdown_timeout")) {
    make(TLS_client_method(), options.minimum_version);
    if (options.verify) SSL_CTX_set_verify(get(), SSL_VERIFY_PEER, tls_callbacks::verify);
    if (options.verify_strict) set_strict();
    if (options.verify && options.system_authorities && SSL_CTX_set_default_verify_paths(get()) != 1) {
        refuse("the system's authorities");
    }
    if (!options.ca_file.empty()) trust(options.ca_file, {}, false);
    if (!options.ca_pem.empty()) trust({}, options.ca_pem, false);
    if (!options.verify && options.crl_check != tls_crl_check::none) refuse("crl_check needs verify");
    set_revocations(options.crl_file, options.crl_pem, options.crl_check);
    const tls_identity& own = options.identity;
    if (!own.certificate_file.empty() || !own.certificate_pem.empty()) use(own);
    set_alpn_protocols(options.alpn_protocols);
    if (!alpn_protocols_.empty() &&
        SSL_CTX_set_alpn_protos(get(), reinterpret_cast<const unsigned char*>(alpn_protocols_.data()),
                                static_cast<unsigned>(alpn_protocols_.size())) != 0) {
        refuse("the ALPN protocols");
    }
    SSL_CTX_set_session_cache_mode(get(), keeps_sessions_ ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
                                                          : SSL_SESS_CACHE_OFF);
    SSL_CTX_sess_set_new_cb(get(), tls_callbacks::keep_session);
}

tls_context_core::tls_context_core(const tls_identity& identity, const tls_server_options& options)
    : is_server_(true),
      keeps_sessions_(false),
      handshake_timeout_(positive(options.handshake_timeout, "handshake_timeout")),
      shutdown_timeout_(positive(options.shutdown_timeout, "shutdown_timeout")),
      choose_context_(options.choose_context) {
    make(TLS_server_method(), options.minimum_version);
    use(identity);
    set_alpn_protocols(options.alpn_protocols);
    if (!alpn_protocols_.empty()) SSL_CTX_set_alpn_select_cb(get(), tls_callbacks::choose_protocol, nullptr);
    if (choose_context_) SSL_CTX_set_client_hello_cb(get(), tls_callbacks::choose_context, nullptr);
    SSL_CTX_set_tlsext_servername_callback(get(), tls_callbacks::take_name);

    if (!options.client_ca_file.empty()) trust(options.client_ca_file, {}, true);
    if (!options.client_ca_pem.empty()) trust({}, options.client_ca_pem, true);
    const bool asks = !options.client_ca_file.empty() || !options.client_ca_pem.empty();
    if (options.require_client_certificate && !asks) refuse("require_client_certificate needs a client_ca");
    if (options.client_crl_check != tls_crl_check::none && !asks) refuse("client_crl_check needs a client_ca");
    if (options.client_verify_strict) set_strict();
    set_revocations(options.client_crl_file, options.client_crl_pem, options.client_crl_check);
    const int required = options.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    if (asks) SSL_CTX_set_verify(get(), SSL_VERIFY_PEER | required, tls_callbacks::verify);

    // A session is resumed in the context that it was made in, and in no other that might want another certificate.
    unsigned char id[SSL_MAX_SID_CTX_LENGTH];
    if (RAND_bytes(id, sizeof id) != 1 || SSL_CTX_set_session_id_context(get(), id, sizeof id) != 1) {
        refuse("a random number");
    }
    SSL_CTX_set_session_cache_mode(get(), SSL_SESS_CACHE_OFF);  // tickets: the client keeps the session
    if (!options.resume_sessions) {
        SSL_CTX_set_options(get(), SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(get(), 0);
    }
}

tls_context tls_context::client(const tls_client_options& options) {
    return tls_context(std::make_shared<tls_context_core>(options));
}
tls_context tls_context::server(const std::string& certificate_file, const std::string& key_file,
                                const tls_server_options& options) {
    return server({.certificate_file = certificate_file, .key_file = key_file}, options);
}
tls_context tls_context::server(const tls_identity& identity, const tls_server_options& options) {
    return tls_context(std::make_shared<tls_context_core>(identity, options));
}
bool tls_context::is_server() const noexcept { return core_->is_server(); }

void check_client_context(const std::string& who, const tls_context& c, const std::string& server_hostname) {
    if (c.is_server()) throw std::invalid_argument(who + ": expected a client's context, got a server's");
    if (!server_hostname.empty()) {
        parse_expected_host(who, server_hostname);
    } else if (tls_context_core::of(c)->verifies()) {
        throw std::invalid_argument(who + ": a client that verifies needs server_hostname");
    }
}
void check_server_context(const std::string& who, const tls_context& c) {
    if (!c.is_server()) throw std::invalid_argument(who + ": expected a server's context, got a client's");
}

}  // namespace weft::inline v0
