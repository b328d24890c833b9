// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tls/openssl.hpp"

#include <cstddef>

namespace weft::inline v0 {

class tls_engine;

/// What OpenSSL calls. Each finds the connection it is about, none throws.
struct tls_callbacks {
    static tls_engine& engine(const SSL* ssl) noexcept { return *static_cast<tls_engine*>(SSL_get_app_data(ssl)); }

    static int verify(int is_ok, X509_STORE_CTX* about) noexcept;
    static int choose_context(SSL* ssl, int* alert, void*) noexcept;
    static int take_name(SSL* ssl, int* alert, void*) noexcept;
    static int choose_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_length,
                               const unsigned char* offered, unsigned offered_length, void*) noexcept;
    static int keep_session(SSL* ssl, SSL_SESSION* session) noexcept;
    static void count_record(int is_sent, int version, int part, const void* bytes, std::size_t size, SSL* ssl,
                             void*) noexcept;

    /// The two ends of an engine, as OpenSSL's kind of file.
    static BIO* new_bio(tls_engine& e);
    static int bio_read(BIO* bio, char* into, int size) noexcept;
    static int bio_write(BIO* bio, const char* bytes, int size) noexcept;
    static long bio_control(BIO* bio, int command, long, void*) noexcept;
};

}  // namespace weft::inline v0
