// SPDX-License-Identifier: Apache-2.0
// What the environment says of a run, as a program outside finds it.
#include <weft/inspect/backend_report.hpp>
#include <weft/inspect/build_report.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <system_error>

namespace {

/// Sets a variable of the environment, and restores what it was.
class variable {
public:
    variable(const char* name, const char* value) : name_(name) {
        if (const char* before = std::getenv(name)) before_ = before;
        set(value);
    }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;
    ~variable() { set(before_ ? before_->c_str() : nullptr); }

private:
    void set(const char* value) const {
        if (value) {
            ::setenv(name_, value, 1);
        } else {
            ::unsetenv(name_);
        }
    }
    const char* name_;
    std::optional<std::string> before_;
};

weft::task<std::string> backend() { co_return weft::get_running_loop().backend_name(); }
weft::task<bool> debug() { co_return weft::get_running_loop().get_debug(); }

TEST(contract, the_backend_of_a_run) {
    {
        const variable asked("WEFT_BACKEND", "epoll");
        EXPECT_EQ(weft::run(backend()), "epoll");
    }
    for (const char* name : {static_cast<const char*>(nullptr), "io_uring"}) {
        const variable asked("WEFT_BACKEND", name);
        const weft::backend_report report = weft::report_backends();
        EXPECT_EQ(report.asked_for, name ? name : "");
        if (report.has_io_uring) {
            EXPECT_EQ(report.chosen, "io_uring");
        }
        if (report.chosen.empty()) {
            EXPECT_THROW(weft::run(backend()), std::system_error);
        } else {
            EXPECT_EQ(weft::run(backend()), report.chosen);  // unasked and without io_uring, what there is
        }
    }
    const variable asked("WEFT_BACKEND", "abacus");
    EXPECT_THROW(weft::run(backend()), std::exception);
    EXPECT_FALSE(weft::report_build().version.empty());
}

TEST(contract, the_debug_mode_of_a_run) {
    {
        const variable on("WEFT_DEBUG", "1");
        EXPECT_TRUE(weft::run(debug()));
        EXPECT_FALSE(weft::run(debug(), {.debug = false}));
    }
    const variable off("WEFT_DEBUG", nullptr);
    EXPECT_FALSE(weft::run(debug()));
    EXPECT_TRUE(weft::run(debug(), {.debug = true}));
}

}  // namespace
