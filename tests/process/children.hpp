// SPDX-License-Identifier: Apache-2.0
// What the tests of child processes have in common.
#pragma once

#include "io/operations.hpp"

#include <weft/process/process.hpp>

#include <sys/wait.h>

#include <cerrno>
#include <functional>
#include <string>
#include <system_error>
#include <utility>

namespace weft_test {

/// A program that runs until it is killed.
inline const std::vector<std::string> blocked{"sleep", "3600"};

/// Runs `main()` on a virtual clock, where time does not jump over a child, and looks for what it leaves behind.
template <class F>
void run_with_children(F main) {
    const auto before = open_descriptors();
    weft::testing::run(main());
    EXPECT_EQ(open_descriptors(), before);
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1) << "a zombie, or a child that runs";
    EXPECT_EQ(errno, ECHILD);
}

template <class F>
weft::task<std::string> error_of(F f) {
    try {
        co_await f();
    } catch (const std::exception& e) {
        co_return e.what();
    }
    co_return "nothing was thrown";
}

/// What a shell command prints.
inline weft::task<std::string> output_of(std::string command, weft::process_options options = {}) {
    options.stdout_ = weft::pipe;
    auto p = co_await weft::run_shell(std::move(command), std::move(options));
    auto [out, err] = co_await p.communicate();
    co_return out;
}

}  // namespace weft_test
