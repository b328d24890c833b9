// SPDX-License-Identifier: Apache-2.0
#include "loop/report.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>

namespace {

const std::exception_ptr failure = std::make_exception_ptr(std::runtime_error("no"));

TEST(report_without_memory, says_its_message_once) {
    weft::event_loop loop;
    testing::internal::CaptureStderr();
    weft::report_without_memory(loop, "it went wrong", {.message = {}, .exception = failure});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "weft: it went wrong (and there is no memory to say more)\n");
}

TEST(report_without_memory, gives_the_rest_to_the_exception_handler) {
    weft::event_loop loop;
    std::exception_ptr heard;
    loop.set_exception_handler([&](weft::event_loop&, const weft::error_context& c) { heard = c.exception; });
    EXPECT_TRUE(loop.get_exception_handler());
    testing::internal::CaptureStderr();
    weft::report_without_memory(loop, "it went wrong", {.message = {}, .exception = failure});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "weft: it went wrong (and there is no memory to say more)\n");
    EXPECT_EQ(heard, failure);
}

}  // namespace
