// SPDX-License-Identifier: Apache-2.0
#include "tls/tls_callbacks.hpp"

#include "tls/tls_context_core.hpp"
#include "tls/tls_engine.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace weft::inline v0 {

/// Notes what is wrong with which certificate: the error queue says only that something is.
int tls_callbacks::verify(int is_ok, X509_STORE_CTX* about) noexcept {
    if (is_ok) return 1;
    auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(about, SSL_get_ex_data_X509_STORE_CTX_idx()));
    tls_engine& e = engine(ssl);
    e.certificate_error_ = X509_STORE_CTX_get_error(about);
    try {
        if (const X509* const at = X509_STORE_CTX_get_current_cert(about)) {
            e.certificate_subject_ = to_text(X509_get_subject_name(at));
            e.certificate_issuer_ = to_text(X509_get_issuer_name(at));
        }
    } catch (const std::bad_alloc&) {  // then it is refused without its name
    }
    return 0;
}

namespace {

/// The host in a ClientHello's server_name extension (RFC 6066); empty if there is none.
std::string host_in_hello(SSL* ssl) {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1) return {};
    // A list (its length in two bytes) of names: a type, which is 0, a length in two bytes, the name.
    constexpr std::size_t before_name = 5;
    if (size <= before_name || bytes[2] != TLSEXT_NAMETYPE_host_name) return {};
    const std::size_t length = static_cast<std::size_t>(bytes[3] << 8 | bytes[4]);
    if (length != size - before_name) return {};
    std::string host(reinterpret_cast<const char*>(bytes) + before_name, length);
    // What is no name OpenSSL refuses, but later.
    return host.find('\0') == std::string::npos && length <= TLSEXT_MAXLEN_host_name ? host : std::string();
}

}  // namespace

/// Before anything else is looked at, so that a session of one context is never resumed in another.
int tls_callbacks::choose_context(SSL* ssl, int* alert, void*) noexcept {
    tls_engine& e = engine(ssl);
    if (std::exchange(e.has_chosen_, true)) return SSL_CLIENT_HELLO_SUCCESS;  // the second hello of one handshake
    try {
        const auto chosen = e.context_->choose(host_in_hello(ssl));
        if (!chosen) return SSL_CLIENT_HELLO_SUCCESS;
        if (!chosen->is_server()) throw std::invalid_argument("choose_context gave a client's context");
        e.context_ = tls_context_core::of(*chosen);
        SSL_CTX* const to = e.context_->get();
        if (!SSL_set_SSL_CTX(ssl, to)) throw std::bad_alloc();
        // What that leaves as it was:
        SSL_set_verify(ssl, SSL_CTX_get_verify_mode(to), SSL_CTX_get_verify_callback(to));
        SSL_clear_options(ssl, SSL_get_options(ssl) & ~SSL_CTX_get_options(to));
        SSL_set_options(ssl, SSL_CTX_get_options(to));
        if (!SSL_set_num_tickets(ssl, SSL_CTX_get_num_tickets(to))) throw std::bad_alloc();
        SSL_set_min_proto_version(ssl, static_cast<int>(SSL_CTX_get_min_proto_version(to)));
        return SSL_CLIENT_HELLO_SUCCESS;
    } catch (...) {
        e.thrown_ = std::current_exception();
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
}

/// Says that the name is known here. Only then does OpenSSL keep it in the session, and it is the session's that
/// SSL_get_servername() gives for one of TLS 1.2 that is resumed.
int tls_callbacks::take_name(SSL* ssl, int*, void*) noexcept {
    return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int tls_callbacks::choose_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_length,
                                   const unsigned char* offered, unsigned offered_length, void*) noexcept {
    const std::string& ours = engine(ssl).context_->alpn_protocols();
    unsigned char* found = nullptr;
    const int result = SSL_select_next_proto(&found, out_length, reinterpret_cast<const unsigned char*>(ours.data()),
                                             static_cast<unsigned>(ours.size()), offered, offered_length);
    if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
    *out = found;
    return SSL_TLSEXT_ERR_OK;
}

int tls_callbacks::keep_session(SSL* ssl, SSL_SESSION* session) noexcept {
    tls_engine& e = engine(ssl);
    try {
        SSL_SESSION_up_ref(session);
        e.context_->sessions().put(e.session_key_, ssl_session_ptr(session));
    } catch (const std::bad_alloc&) {  // then it is not resumed
    }
    return 0;
}

/// Told of the head of each record and, of a protected one of TLS 1.3, what is in it: either begins with the type.
void tls_callbacks::count_record(int is_sent, int, int part, const void* bytes, std::size_t, SSL* ssl, void*) noexcept {
    if (is_sent || (part != SSL3_RT_HEADER && part != SSL3_RT_INNER_CONTENT_TYPE)) return;
    if (*static_cast<const unsigned char*>(bytes) == SSL3_RT_APPLICATION_DATA) return;
    tls_engine& e = engine(ssl);
    if (e.has_shaken_hands_) ++e.idle_records_;
}

BIO* tls_callbacks::new_bio(tls_engine& e) {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* const m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weft");
        if (!m) throw std::bad_alloc();
        BIO_meth_set_read(m, bio_read);
        BIO_meth_set_write(m, bio_write);
        BIO_meth_set_ctrl(m, bio_control);
        return m;
    }();
    BIO* const bio = BIO_new(method);
    if (!bio) throw std::bad_alloc();
    BIO_set_data(bio, &e);
    BIO_set_init(bio, 1);
    return bio;
}

int tls_callbacks::bio_read(BIO* bio, char* into, int size) noexcept {
    tls_engine& e = *static_cast<tls_engine*>(BIO_get_data(bio));
    std::span<const std::byte>& from = e.received_;
    BIO_clear_retry_flags(bio);
    if (e.is_flooded() && size == SSL3_RT_HEADER_LENGTH) {
        // OpenSSL sends an alert of its own accord alone: here for a head of no known type, and too long.
        constexpr unsigned char impossible[SSL3_RT_HEADER_LENGTH] = {0, 3, 3, 0xff, 0xff};
        std::memcpy(into, impossible, sizeof impossible);
        return size;
    }
    if (from.empty()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const std::size_t count = std::min(from.size(), static_cast<std::size_t>(size));
    std::memcpy(into, from.data(), count);
    from = from.subspan(count);
    return static_cast<int>(count);
}

int tls_callbacks::bio_write(BIO* bio, const char* bytes, int size) noexcept {
    tls_engine& e = *static_cast<tls_engine*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (e.output_.on_ciphertext(std::as_bytes(std::span(bytes, static_cast<std::size_t>(size))))) return size;
    e.out_of_memory_ = true;
    return -1;
}

long tls_callbacks::bio_control(BIO*, int command, long, void*) noexcept { return command == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace weft::inline v0
