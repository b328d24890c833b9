// SPDX-License-Identifier: Apache-2.0
#include <weft/weft.hpp>

#include <gtest/gtest.h>

namespace {

TEST(without_tls, a_context_says_that_there_is_none) {
    if (WEFT_WITH_TLS) GTEST_SKIP() << "this weft has TLS";
    for (const bool server : {true, false}) {
        try {
            static_cast<void>(server ? weft::tls_context::server("a", "b") : weft::tls_context::client());
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::function_not_supported);
            EXPECT_STREQ(e.what(), "TLS: weft was built without it (WEFT_WITH_TLS=OFF): Function not implemented");
        }
    }
}

}  // namespace
