// SPDX-License-Identifier: Apache-2.0
#include <weft/base/version.hpp>
#include <weft/inspect/build_report.hpp>

#include <gtest/gtest.h>

namespace {

TEST(build_report, tells_what_the_library_was_made_of) {
    const auto report = weft::report_build();
    EXPECT_EQ(report.version, weft::version);
    EXPECT_TRUE(report.compiler.starts_with("Clang ") || report.compiler.starts_with("GCC ")) << report.compiler;
    EXPECT_TRUE(report.standard_library.starts_with("lib")) << report.standard_library;
    EXPECT_EQ(report.has_io_uring, bool{WEFT_WITH_IO_URING});
    EXPECT_EQ(report.has_tls, bool{WEFT_WITH_TLS});
}

}  // namespace
