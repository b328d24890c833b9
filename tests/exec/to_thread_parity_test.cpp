// SPDX-License-Identifier: Apache-2.0
// What CPython's test_threads asserts of asyncio.to_thread, of the same meaning, in the order of its file.
#include <weft/exec/to_thread.hpp>
#include <weft/flow/gather.hpp>
#include <weft/loop/context_var.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace {

// ToThreadTests.test_to_thread
TEST(to_thread_parity, gives_what_the_function_returns) {
    const auto main = []() -> weft::task<int> {
        co_return co_await weft::to_thread(
            [](const std::vector<int>& v) { return std::accumulate(v.begin(), v.end(), 0); }, std::vector{40, 2});
    };
    EXPECT_EQ(weft::run(main()), 42);
}

// ToThreadTests.test_to_thread_exception
TEST(to_thread_parity, throws_what_the_function_throws) {
    const auto main = []() -> weft::task<std::string> {
        try {
            co_await weft::to_thread([] { throw std::runtime_error("test"); });
        } catch (const std::runtime_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    EXPECT_EQ(weft::run(main()), "test");
}

// ToThreadTests.test_to_thread_once
TEST(to_thread_parity, calls_the_function_once) {
    const auto main = []() -> weft::task<int> {
        std::atomic<int> calls = 0;
        co_await weft::to_thread([&calls] { ++calls; });
        co_return calls;
    };
    EXPECT_EQ(weft::run(main()), 1);
}

// ToThreadTests.test_to_thread_concurrent
TEST(to_thread_parity, many_calls_may_be_under_way_at_once) {
    const auto main = []() -> weft::task<int> {
        std::atomic<int> calls = 0;
        std::vector<weft::task_handle<>> futures;
        for (int i = 0; i < 10; ++i) futures.push_back(weft::create_task(weft::to_thread([&calls] { ++calls; })));
        co_await weft::gather(futures);
        co_return calls;
    };
    EXPECT_EQ(weft::run(main()), 10);
}

// ToThreadTests.test_to_thread_args_kwargs
TEST(to_thread_parity, passes_arguments) {
    struct options {
        bool something = false;
    };
    const auto main = []() -> weft::task<> {
        std::string first;
        bool second = false;
        const auto f = [&](const std::string& text, options o) {
            first = text;
            second = o.something;
        };
        co_await weft::to_thread(f, "test", options{.something = true});
        EXPECT_EQ(first, "test");
        EXPECT_TRUE(second);
    };
    weft::run(main());
}

// ToThreadTests.test_to_thread_contextvars
TEST(to_thread_parity, carries_context_variables) {
    const weft::context_var<std::string> variable;
    const auto main = [](const weft::context_var<std::string>& v) -> weft::task<std::string> {
        std::ignore = v.set("parrot");
        co_return co_await weft::to_thread([&v] { return v.get(); });
    };
    EXPECT_EQ(weft::run(main(variable)), "parrot");
}

}  // namespace
