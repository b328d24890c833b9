// SPDX-License-Identifier: Apache-2.0
#include "tracebacks.hpp"

#include <weft/coro/format_exception.hpp>
#include <weft/flow/gather.hpp>
#include <weft/flow/shield.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/wait_for.hpp>
#include <weft/loop/any_task.hpp>
#include <weft/loop/future.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

weft::task<int> fails() {
    co_await weft::sleep(1s);
    co_await raising("no");
    co_return 1;
}
weft::task<> gathers() { co_await weft::gather(fails(), weft::sleep(2s)); }
weft::task<> gathers_range() {
    std::vector<weft::task<int>> tasks;
    tasks.push_back(fails());
    co_await weft::gather(std::move(tasks));
}

constexpr auto end = "  fails: co_await raising(\"no\");\n"
                     "std::runtime_error: no\n";

TEST(gather_traceback, leads_through_gather_to_the_task_that_failed) {
    EXPECT_EQ(outline(thrown_by([] { weft::testing::run(gathers()); })),
              "Traceback (most recent call last):\n"
              "  gathers: weft::task<> gathers() { co_await weft::gather(fails(), weft::sleep(2s)); }\n" +
                  std::string(end));
    EXPECT_EQ(outline(thrown_by([] { weft::testing::run(gathers_range()); })),
              "Traceback (most recent call last):\n"
              "  gathers_range: co_await weft::gather(std::move(tasks));\n" +
                  std::string(end));
}

TEST(gather_traceback, wefts_own_coroutines_are_there_for_who_wants_them) {
    const auto frames = weft::traceback_of(thrown_by([] { weft::testing::run(gathers()); }));
    ASSERT_EQ(frames.size(), 3);
    EXPECT_TRUE(frames[1].function.starts_with("weft::gather_futures")) << frames[1].function;
}

weft::task<> awaits(weft::task_handle<int> h) { co_await h; }
weft::task<> awaits_too(weft::task_handle<int> h) { co_await h; }

TEST(gather_traceback, each_who_awaits_a_task_has_a_path_of_its_own) {
    const auto main = []() -> weft::task<> {
        const auto failing = weft::create_task(fails());
        const auto a = weft::create_task(awaits(failing)), b = weft::create_task(awaits_too(failing));
        co_await weft::gather_settled(a, b);
        EXPECT_EQ(outline(a.exception()), "Traceback (most recent call last):\n"
                                          "  awaits: weft::task<> awaits(weft::task_handle<int> h) { co_await h; }\n" +
                                              std::string(end));
        EXPECT_EQ(outline(b.exception()),
                  "Traceback (most recent call last):\n"
                  "  awaits_too: weft::task<> awaits_too(weft::task_handle<int> h) { co_await h; }\n" +
                      std::string(end));
        EXPECT_EQ(outline(failing.exception()), "Traceback (most recent call last):\n" + std::string(end));
    };
    weft::testing::run(main());
}

weft::task<> gathers_both(weft::task_handle<> a, weft::task_handle<> b) { co_await weft::gather(a, b); }

TEST(gather_traceback, who_gathers_them_sees_the_path_of_the_one_that_failed_first) {
    const auto main = []() -> weft::task<> {
        const auto failing = weft::create_task(fails());
        co_await gathers_both(weft::create_task(awaits(failing)), weft::create_task(awaits_too(failing)));
    };
    const std::string text = outline(thrown_by([&] { weft::testing::run(main()); }));
    EXPECT_NE(text.find("  awaits: "), std::string::npos) << text;
    EXPECT_EQ(text.find("  awaits_too: "), std::string::npos) << text;
}

weft::task<> passes_on(int depth) {
    if (depth == 0) co_await raising("deep");
    if (depth > 0) co_await weft::create_task(passes_on(depth - 1));
}

TEST(gather_traceback, leads_through_tasks_that_await_tasks) {
    const auto error = thrown_by([] { weft::testing::run(passes_on(300)); });
    const std::string text = outline(error);
    EXPECT_NE(text.find("[Previous line repeated 297 more times]\n  passes_on: if (depth == 0)"), std::string::npos)
        << text;
}

weft::task<> gives_up() { co_await weft::wait_for(fails(), 10s); }
weft::task<> shields() { co_await weft::shield(fails()); }
weft::task<> awaits_any() {
    const weft::any_task any = weft::create_task(fails());
    co_await any;
}

TEST(gather_traceback, leads_through_wait_for_and_shield_and_any_task) {
    EXPECT_EQ(outline(thrown_by([] { weft::testing::run(gives_up()); })),
              "Traceback (most recent call last):\n"
              "  gives_up: weft::task<> gives_up() { co_await weft::wait_for(fails(), 10s); }\n" +
                  std::string(end));
    EXPECT_EQ(outline(thrown_by([] { weft::testing::run(shields()); })),
              "Traceback (most recent call last):\n"
              "  shields: weft::task<> shields() { co_await weft::shield(fails()); }\n" +
                  std::string(end));
    EXPECT_EQ(outline(thrown_by([] { weft::testing::run(awaits_any()); })), "Traceback (most recent call last):\n"
                                                                            "  awaits_any: co_await any;\n" +
                                                                                std::string(end));
}

weft::task<> awaits_future(weft::future<> f) { co_await f; }

TEST(gather_traceback, an_error_that_a_future_is_given_begins_with_who_awaits_it) {
    const auto main = []() -> weft::task<> {
        weft::future<> f;
        const auto a = weft::create_task(awaits_future(f)), b = weft::create_task(awaits_future(f));
        co_await weft::yield_now();
        f.set_exception(std::runtime_error("set"));
        co_await weft::gather_settled(a, b);
        EXPECT_EQ(weft::traceback_of(a.exception()).size(), 1);
        EXPECT_EQ(weft::traceback_of(b.exception()).size(), 1);
        EXPECT_EQ(weft::traceback_of(b.exception()).front().times, 1);
        EXPECT_TRUE(weft::traceback_of(f.exception()).empty());
    };
    weft::testing::run(main());
}

TEST(gather_traceback, a_cancellation_has_a_path_too) {
    const auto main = []() -> weft::task<std::string> {
        const auto h = weft::create_task(awaits(weft::create_task(fails())));
        co_await weft::yield_now();
        h.cancel("enough");
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
            co_return outline(std::current_exception());
        }
        co_return "";
    };
    EXPECT_EQ(weft::testing::run(main()), "Traceback (most recent call last):\n"
                                          "  awaits: weft::task<> awaits(weft::task_handle<int> h) { co_await h; }\n"
                                          "  fails: co_await weft::sleep(1s);\n"
                                          "weft::cancelled_error: enough\n");
}

}  // namespace
