// SPDX-License-Identifier: Apache-2.0
#include <weft/inspect/backend_report.hpp>
#include <weft/loop/event_loop.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace {

/// Another WEFT_BACKEND for a while.
class environment {
public:
    explicit environment(const char* backend) {
        if (const char* const present = std::getenv("WEFT_BACKEND")) before_ = present;
        set(backend);
    }
    ~environment() { set(before_ ? before_->c_str() : nullptr); }

private:
    static void set(const char* backend) {
        if (backend) {
            ::setenv("WEFT_BACKEND", backend, 1);
        } else {
            ::unsetenv("WEFT_BACKEND");
        }
    }
    std::optional<std::string> before_;
};

TEST(backend_report, names_what_a_loop_runs_on) {
    const weft::event_loop loop;
    const auto report = weft::report_backends();
    EXPECT_EQ(report.chosen, loop.backend_name());
    EXPECT_FALSE(report.why.empty());
}

TEST(backend_report, the_environment_decides) {
    const environment e("epoll");
    const auto report = weft::report_backends();
    EXPECT_EQ(report.asked_for, "epoll");
    EXPECT_EQ(report.chosen, "epoll");
    EXPECT_EQ(report.why, "WEFT_BACKEND asks for it");
}

TEST(backend_report, without_it_io_uring_is_first_where_it_works) {
    const environment e(nullptr);
    const auto report = weft::report_backends();
    EXPECT_EQ(report.asked_for, "");
    EXPECT_EQ(report.chosen, report.has_io_uring ? "io_uring" : "epoll");
    if (!report.has_io_uring && WEFT_WITH_IO_URING) {
        EXPECT_EQ(report.why, report.io_uring_problem);
    }
}

TEST(backend_report, a_backend_that_there_is_not_is_no_loop_and_says_why) {
    const environment e("kqueue");
    const auto report = weft::report_backends();
    EXPECT_EQ(report.chosen, "");
    EXPECT_THAT(report.why, ::testing::HasSubstr("WEFT_BACKEND=kqueue"));
}

TEST(backend_report, lists_what_is_used_of_io_uring) {
    const auto report = weft::report_backends();
    if (!report.has_io_uring) {
        EXPECT_NE(report.io_uring_error, 0);
        EXPECT_FALSE(report.io_uring_problem.empty());
        GTEST_SKIP() << report.io_uring_problem;
    }
    EXPECT_EQ(report.io_uring_error, 0);
    EXPECT_GT(report.io_uring_parts.size(), 15u);
    for (const auto& part : report.io_uring_parts) {
        EXPECT_TRUE(part.is_there) << part.name << ": " << part.use << ", and yet a backend could be made";
    }
}

}  // namespace
