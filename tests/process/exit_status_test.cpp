// SPDX-License-Identifier: Apache-2.0
#include <weft/process/exit_status.hpp>

#include <csignal>

namespace {

using weft::exit_status;

TEST(exit_status, of_a_child_that_ended_by_itself_is_its_code) {
    const auto s = exit_status::exited(3);
    EXPECT_EQ(s.code(), 3);
    EXPECT_EQ(s.signal(), std::nullopt);
    EXPECT_EQ(s.returncode(), 3);
    EXPECT_FALSE(s.success());
    EXPECT_EQ(s.to_string(), "exited with 3");
    EXPECT_TRUE(exit_status::exited(0).success());
}

TEST(exit_status, of_one_that_was_killed_is_the_signal) {
    const auto s = exit_status::killed(SIGTERM);
    EXPECT_EQ(s.code(), std::nullopt);
    EXPECT_EQ(s.signal(), SIGTERM);
    EXPECT_EQ(s.returncode(), -SIGTERM);
    EXPECT_FALSE(s.success());
    EXPECT_EQ(s.to_string(), "killed by SIGTERM");
    EXPECT_EQ(exit_status::killed(SIGSEGV, true).to_string(), "killed by SIGSEGV (core dumped)");
    EXPECT_EQ(exit_status::killed(SIGRTMIN + 1).to_string(), "killed by signal " + std::to_string(SIGRTMIN + 1));
}

TEST(exit_status, that_nobody_knows_is_255) {
    const auto s = exit_status::unknown();
    EXPECT_FALSE(s.is_known());
    EXPECT_FALSE(s.success());
    EXPECT_EQ(s.returncode(), 255);
    EXPECT_NE(s, exit_status::exited(255));
}

}  // namespace
