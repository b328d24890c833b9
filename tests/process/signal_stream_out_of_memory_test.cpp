// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of listening for signals: an error or none, and what the process did before is restored.
#include "without_memory.hpp"

#include <weft/process/signal_stream.hpp>

#include <csignal>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

void expect_default_again(int signal) {
    struct sigaction now{};
    ::sigaction(signal, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST(signals, without_memory_brings_a_signal_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        const auto listen = []() -> weft::task<> {
            weft::signal_stream both(SIGUSR1, SIGUSR2);
            weft::signal_stream one(SIGUSR1);
            ::raise(SIGUSR1);
            EXPECT_EQ(co_await both.next(), SIGUSR1);
            EXPECT_EQ(co_await to_task(one.next()), SIGUSR1);
        };
        std::exception_ptr error;
        try {
            co_await listen();
        } catch (...) {
            error = std::current_exception();
        }
        expect_default_again(SIGUSR1);
        expect_default_again(SIGUSR2);
        if (error) std::rethrow_exception(error);
    });
    EXPECT_GT(allocations_made, 5u);
}

TEST(add_signal_handler, without_memory_is_called_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        auto& loop = weft::get_running_loop();
        weft::future<int> told;
        std::exception_ptr error;
        try {
            loop.add_signal_handler(SIGUSR1, [&told] { told.set_result(1); });
            ::raise(SIGUSR1);
            EXPECT_EQ(co_await told, 1);
        } catch (...) {
            error = std::current_exception();
        }
        loop.remove_signal_handler(SIGUSR1);
        expect_default_again(SIGUSR1);
        if (error) std::rethrow_exception(error);
    });
    EXPECT_GT(allocations_made, 3u);
}

#endif

}  // namespace
