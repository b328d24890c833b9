// SPDX-License-Identifier: Apache-2.0
// An attempt with too few descriptors, however few: an error that says so, nothing left behind, and it works again.
#pragma once

#include "io/operations.hpp"

#include <weft/flow/wait_for.hpp>
#include <weft/loop/run.hpp>

#include <exception>
#include <string_view>
#include <system_error>

namespace weft_test {

/// @return whether the attempt succeeded
template <class Attempt>
weft::task<bool> attempt_with_descriptors(std::size_t left, Attempt& attempt, std::string_view message) {
    bool succeeded = false;
    try {
        const few_descriptors few(left);
        co_await weft::wait_for(attempt(), std::chrono::seconds(10));
        succeeded = true;
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::too_many_files_open) << e.what();
        EXPECT_THAT(e.what(), testing::HasSubstr(message));
    }
    co_await weft::wait_for(attempt(), std::chrono::seconds(10));
    co_return succeeded;
}

/// Each time on a loop of its own.
/// @param attempt  makes a task  @param message  a part of what the error is to say
/// @return how many descriptors the attempt takes
template <class Attempt>
std::size_t fail_each_descriptor(Attempt attempt, std::string_view message) {
    weft::run(attempt());  // what is opened once is open
    const auto descriptors = open_descriptors();
    std::size_t left = 0;
    for (bool succeeded = false; !succeeded && !testing::Test::HasFailure() && left < 20;) {
        SCOPED_TRACE(testing::Message() << left << " descriptors left");
        succeeded = weft::run(attempt_with_descriptors(left, attempt, message));
        EXPECT_EQ(open_descriptors(), descriptors);
        if (!succeeded) ++left;
    }
    return left;
}

}  // namespace weft_test
