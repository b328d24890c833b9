// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace weft::inline v0 {

/// Owners of what OpenSSL counts references to.
template <auto Free>
struct openssl_free {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};
using bio_ptr = std::unique_ptr<BIO, openssl_free<BIO_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, openssl_free<EVP_PKEY_free>>;
using ssl_ptr = std::unique_ptr<SSL, openssl_free<SSL_free>>;
using ssl_context_ptr = std::unique_ptr<SSL_CTX, openssl_free<SSL_CTX_free>>;
using ssl_session_ptr = std::unique_ptr<SSL_SESSION, openssl_free<SSL_SESSION_free>>;
using crl_ptr = std::unique_ptr<X509_CRL, openssl_free<X509_CRL_free>>;
using x509_ptr = std::unique_ptr<X509, openssl_free<X509_free>>;

/// "CN=example.org,O=…" (RFC 2253)
std::string to_text(const X509_NAME* name);

}  // namespace weft::inline v0
