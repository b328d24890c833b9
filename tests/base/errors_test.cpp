// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <type_traits>

namespace {

TEST(errors, a_cancellation_is_no_std_exception) {
    static_assert(!std::is_base_of_v<std::exception, weft::cancelled_error>);
    static_assert(!std::is_base_of_v<std::exception, weft::keyboard_interrupt>);
    EXPECT_EQ(weft::cancelled_error().message(), "");
    EXPECT_EQ(weft::cancelled_error("enough").message(), "enough");
}

TEST(errors, a_keyboard_interrupt_is_a_cancellation_and_says_so) {
    try {
        throw weft::keyboard_interrupt();
    } catch (const weft::cancelled_error& e) {
        EXPECT_EQ(e.message(), "interrupted by SIGINT");
    }
}

TEST(errors, a_timeout_says_what_timed_out) {
    EXPECT_STREQ(weft::timeout_error().what(), "timed out");
    EXPECT_STREQ(weft::timeout_error("connect timed out").what(), "connect timed out");
}

TEST(errors, a_deadlock_names_every_task_that_waits) {
    const weft::deadlock_error e({"Task-1 waits for sleep", "Task-2 waits for future"});
    EXPECT_EQ(e.waiting().size(), 2u);
    EXPECT_NE(std::string(e.what()).find("deadlock"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("\nTask-2 waits for future"), std::string::npos);
}

}  // namespace
