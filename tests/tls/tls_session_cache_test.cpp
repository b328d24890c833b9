// SPDX-License-Identifier: Apache-2.0
#include "tls/tls_session_cache.hpp"

#include "tls/openssl_memory.hpp"
#include "without_memory.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <new>

using namespace weft_test;

namespace {

weft::ssl_session_ptr session_of(int version) {
    const weft::ssl_context_ptr context(SSL_CTX_new(TLS_client_method()));
    weft::ssl_session_ptr session(SSL_SESSION_new());
    const unsigned char id[] = {1, 2, 3};
    EXPECT_EQ(SSL_SESSION_set1_id(session.get(), id, sizeof id), 1);
    EXPECT_EQ(SSL_SESSION_set_cipher(session.get(), sk_SSL_CIPHER_value(SSL_CTX_get_ciphers(context.get()), 0)), 1);
    EXPECT_EQ(SSL_SESSION_set_protocol_version(session.get(), version), 1);
    return session;
}

TEST(tls_session_cache, gives_a_session_of_tls_1_3_once_and_one_of_tls_1_2_again_and_again) {
    weft::tls_session_cache cache;
    cache.put("a:1", session_of(TLS1_3_VERSION));
    cache.put("b:1", session_of(TLS1_2_VERSION));
    EXPECT_TRUE(cache.take("a:1"));
    EXPECT_FALSE(cache.take("a:1"));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(cache.take("b:1"));
    EXPECT_FALSE(cache.take("c:1"));
}

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

TEST(tls_session_cache, without_memory_keeps_none_or_the_one_and_goes_on) {
    if (!has_openssl_memory) GTEST_SKIP() << "OpenSSL allocated before";
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto attempts = survive_each_allocation([version](std::size_t number) {
            weft::tls_session_cache cache;
            auto session = session_of(version);
            bool is_kept = true;
            std::size_t made = 0;
            {
                const one_without_memory failing(number);
                try {
                    cache.put("somebody at a host with a name that is long:443", std::move(session));
                } catch (const std::bad_alloc&) {
                    is_kept = false;
                }
                made = failing.allocations_made();
            }
            EXPECT_EQ(cache.take("somebody at a host with a name that is long:443") != nullptr, is_kept);
            cache.put("somebody at a host with a name that is long:443", session_of(version));
            EXPECT_TRUE(cache.take("somebody at a host with a name that is long:443"));
            return made;
        });
        EXPECT_GT(attempts, 2u);
    }
}

TEST(tls_session_cache, needs_no_memory_to_give_a_session_of_tls_1_2) {
    weft::tls_session_cache cache;
    for (int i = 0; i < 4; ++i) cache.put("a:1", session_of(TLS1_2_VERSION));
    const std::string with = "a:1";
    for (int i = 0; i < 100; ++i) {
        const one_without_memory failing(0);
        const auto session = cache.take(with);
        EXPECT_EQ(failing.allocations_made(), 0u);
        EXPECT_TRUE(session);
    }
}

#endif

}  // namespace
