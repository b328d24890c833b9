// SPDX-License-Identifier: Apache-2.0
#include <weft/fiber/create_fiber.hpp>
#include <weft/fiber/fiber_generator.hpp>
#include <weft/inspect/capture_stack.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using weft::await;
using weft::create_fiber;

/// The functions without their namespaces, outermost first; without weft's own.
std::string names_of(const std::vector<weft::stack_frame>& frames) {
    std::string text;
    for (const weft::stack_frame& f : frames) {
        if (f.function.starts_with("weft::")) continue;
        if (!text.empty()) text += " ";
        text += f.function.substr(f.function.rfind("::") == std::string::npos ? 0 : f.function.rfind("::") + 2);
    }
    return text;
}

}  // namespace
// Whose names begin like weft's own.
namespace weft_app {
namespace {
volatile int calls_returned = 0;
[[gnu::noinline]] void handles(weft::event& e) {
    weft::await(e.wait());
    calls_returned = calls_returned + 1;
}
}  // namespace
}  // namespace weft_app
extern "C" {
[[gnu::noinline]] void weft_main(weft::event* e) {
    weft_app::handles(*e);
    weft_app::calls_returned = weft_app::calls_returned + 1;
}
}
namespace {

// What is on the stacks: calls that no compiler makes jumps or inlines.

volatile int calls_returned = 0;

[[gnu::noinline]] void waits_for(weft::event& e) {
    await(e.wait());
    calls_returned = calls_returned + 1;
}
[[gnu::noinline]] void visits(int depth, weft::event& e) {
    if (depth == 0) {
        waits_for(e);
    } else {
        visits(depth - 1, e);
    }
    calls_returned = calls_returned + 1;
}
[[gnu::noinline]] int begins(weft::event& e) {
    visits(2, e);
    return 7;
}

TEST(fiber_promise_frames, of_one_that_waits_are_part_of_its_tasks_stack) {
    weft::testing::run([]() -> weft::task<> {
        weft::event e;
        auto h = create_fiber(begins, std::ref(e));
        co_await weft::sleep(1ms);
        const auto frames = weft::capture_stack(h);
        EXPECT_EQ(names_of(frames), "begins visits visits visits waits_for");
        EXPECT_GT(frames.back().line, 0u);
        EXPECT_TRUE(frames.back().file.ends_with("fiber_promise_frames_test.cpp")) << weft::format_stack(frames);
        e.set();
        const int result = co_await h;
        EXPECT_EQ(result, 7);
    }());
}

TEST(fiber_promise_frames, of_a_user_whose_names_begin_like_wefts_are_shown) {
    weft::testing::run([]() -> weft::task<> {
        weft::event e;
        auto h = create_fiber(weft_main, &e);
        co_await weft::sleep(1ms);
        EXPECT_EQ(names_of(weft::capture_stack(h)), "weft_main handles");
        e.set();
        co_await h;
    }());
}

weft::task<> inner(weft::event& e) { co_await e.wait(); }
[[gnu::noinline]] void awaits_a_task(weft::event& e) {
    await(inner(e));
    calls_returned = calls_returned + 1;
}

TEST(fiber_promise_frames, stand_between_the_coroutine_that_awaits_it_and_the_one_it_awaits) {
    weft::testing::run([]() -> weft::task<> {
        weft::event e;
        auto h = create_fiber(awaits_a_task, std::ref(e));
        co_await weft::sleep(1ms);
        EXPECT_EQ(names_of(weft::capture_stack(h)), "awaits_a_task inner");
        e.set();
        co_await h;
    }());
}

[[gnu::noinline]] int fails_and_waits(weft::event& e) {
    try {
        throw std::runtime_error("first");
    } catch (const std::runtime_error& error) {
        waits_for(e);
        try {
            throw;
        } catch (const std::runtime_error& again) {
            return std::string(again.what()) == error.what() ? 1 : 0;
        }
    }
}

TEST(fiber_promise_frames, looking_at_them_disturbs_nobody) {
    weft::testing::run([]() -> weft::task<> {
        weft::event e;
        std::vector<weft::task_handle<int>> handles;
        for (int i = 0; i < 10; ++i) handles.push_back(create_fiber(fails_and_waits, std::ref(e)));
        co_await weft::sleep(1ms);
        for (int round = 0; round < 3; ++round) {
            for (const auto& h : handles) EXPECT_EQ(names_of(weft::capture_stack(h)), "fails_and_waits waits_for");
        }
        // One fiber looks at another as well.
        auto looker = create_fiber([&] { return names_of(weft::capture_stack(handles[3])); });
        const std::string seen = co_await looker;
        EXPECT_EQ(seen, "fails_and_waits waits_for");
        handles.pop_back();  // and what has been looked at is destroyed, or goes on
        e.set();
        int sum = 0;
        for (auto& h : handles) sum += co_await h;
        EXPECT_EQ(sum, 9);
    }());
}

[[gnu::noinline]] std::string looks_at_itself() {
    std::string names = names_of(weft::capture_stack());
    calls_returned = calls_returned + 1;
    return names;
}
[[gnu::noinline]] std::string waits_and_looks(weft::event& e) {
    waits_for(e);
    std::string names = looks_at_itself();
    calls_returned = calls_returned + 1;
    return names;
}

TEST(fiber_promise_frames, of_the_one_that_runs_lead_to_the_call) {
    const std::string names = weft::testing::run([]() -> weft::task<std::string> {
        weft::event e;
        e.set();
        auto h = create_fiber(waits_and_looks, std::ref(e));
        co_return co_await h;
    }());
    EXPECT_EQ(names, "waits_and_looks looks_at_itself");
}

TEST(fiber_promise_frames, of_one_that_has_not_begun_are_none) {
    weft::testing::run([]() -> weft::task<> {
        weft::event e;
        auto h = create_fiber(begins, std::ref(e));
        EXPECT_EQ(names_of(weft::capture_stack(h)), "");
        e.set();
        const int result = co_await h;
        EXPECT_EQ(result, 7);
    }());
}

[[gnu::noinline]] void generates(weft::event& e) {
    await(e.wait());
    calls_returned = calls_returned + 1;
}

[[gnu::noinline]] void numbers_of(weft::event& e, const weft::yielder<int>& yield) {
    generates(e);
    yield(1);
    e.clear();
    waits_for(e);
    yield(2);
}
[[gnu::noinline]] int asks(weft::event& e) {
    weft::fiber_generator<int> numbers(std::bind_front(numbers_of, std::ref(e)));
    int sum = 0;
    for (auto n = numbers.next(); n; n = numbers.next()) {
        sum += *n;
        e.clear();
        visits(0, e);
    }
    return sum;
}

TEST(fiber_promise_frames, of_one_that_waits_in_a_generator_begin_on_the_stack_of_who_asks) {
    weft::testing::run([]() -> weft::task<> {
        weft::event e;
        auto h = create_fiber(asks, std::ref(e));
        for (const char* expected : {"asks numbers_of generates", "asks visits waits_for", "asks numbers_of waits_for",
                                     "asks visits waits_for"}) {
            co_await weft::sleep(1ms);
            for (int round = 0; round < 2; ++round) EXPECT_EQ(names_of(weft::capture_stack(h)), expected);
            e.set();
        }
        const int sum = co_await h;
        EXPECT_EQ(sum, 3);
    }());
}

[[gnu::noinline]] void sum_of(weft::event& e, const weft::yielder<int>& yield) {
    yield(asks(e));
    calls_returned = calls_returned + 1;
}
[[gnu::noinline]] int asks_one_that_asks(weft::event& e) {
    weft::fiber_generator<int> sums(std::bind_front(sum_of, std::ref(e)));
    const int sum = *sums.next();
    calls_returned = calls_returned + 1;
    return sum;
}

TEST(fiber_promise_frames, of_generators_that_ask_one_another_are_joined_where_they_ask) {
    weft::testing::run([]() -> weft::task<> {
        weft::event e;
        auto h = create_fiber(asks_one_that_asks, std::ref(e));
        co_await weft::sleep(1ms);
        const auto frames = weft::capture_stack(h);
        EXPECT_EQ(names_of(frames), "asks_one_that_asks sum_of asks numbers_of generates");
        // Those that ask are known with the line.
        const auto with_a_line = std::ranges::count_if(
            frames, [](const auto& f) { return f.line > 0 && f.function.find("asks") != std::string::npos; });
        EXPECT_EQ(with_a_line, 2) << weft::format_stack(frames);
        for (int round = 0; round < 4; ++round) {
            e.set();
            co_await weft::sleep(1ms);
        }
        const int sum = co_await h;
        EXPECT_EQ(sum, 3);
    }());
}

[[gnu::noinline]] void looks(const weft::yielder<std::string>& yield) { yield(looks_at_itself()); }
[[gnu::noinline]] std::string asks_who_looks() {
    weft::fiber_generator<std::string> names(looks);
    std::string seen = *names.next();
    calls_returned = calls_returned + 1;
    return seen;
}

TEST(fiber_promise_frames, of_a_generator_that_runs_begin_on_the_stack_of_who_asks) {
    const std::string names = weft::testing::run([]() -> weft::task<std::string> {
        auto h = create_fiber(asks_who_looks);
        co_return co_await h;
    }());
    EXPECT_EQ(names, "asks_who_looks looks looks_at_itself");
}

// A destructor that looks while its generator's stack is unwound: whoever destroys that cannot be switched to.
struct looks_at_the_end {
    std::string& seen;
    ~looks_at_the_end() { seen = looks_at_itself(); }
};
[[gnu::noinline]] void looks_when_it_ends(std::string& seen, const weft::yielder<int>& yield) {
    const looks_at_the_end at_the_end{seen};
    yield(1);
    calls_returned = calls_returned + 1;
}

TEST(fiber_promise_frames, of_a_generator_that_is_destroyed_are_those_on_its_own_stack) {
    const std::string names = weft::testing::run([]() -> weft::task<std::string> {
        std::string seen;
        auto h = create_fiber([&seen] {
            weft::fiber_generator<int> one(std::bind_front(looks_when_it_ends, std::ref(seen)));
            one.next();
        });
        co_await h;
        co_return seen;
    }());
    EXPECT_EQ(names, "looks_when_it_ends ~looks_at_the_end looks_at_itself");
}

// Tracebacks

weft::task<> raises() {
    co_await weft::sleep(1ms);
    throw std::runtime_error("no");
}
[[gnu::noinline]] void parses(int depth) {
    if (depth == 0) {
        await(raises());
    } else {
        parses(depth - 1);
    }
    calls_returned = calls_returned + 1;
}

template <class T>
std::string names_in_traceback_of(weft::task<T> t) {
    try {
        weft::testing::run(std::move(t));
    } catch (const std::exception&) {
        const auto traced = weft::traceback_of(std::current_exception());
        return names_of({traced.begin(), traced.end()});
    }
    return "none";
}

weft::task<> awaits_a_fiber() { co_await create_fiber(parses, 2); }

TEST(fiber_promise_frames, an_exception_that_came_through_await_has_them_in_its_traceback) {
    EXPECT_EQ(names_in_traceback_of(awaits_a_fiber()), "awaits_a_fiber parses parses parses raises");
}

[[gnu::noinline]] void recovers_and_throws() {
    try {
        parses(1);
    } catch (const std::runtime_error&) {
    }
    await(weft::sleep(1ms));
    throw std::logic_error("another");
}
weft::task<> awaits_who_recovers() { co_await create_fiber(recovers_and_throws); }

TEST(fiber_promise_frames, an_exception_that_was_caught_leaves_none_to_another) {
    EXPECT_EQ(names_in_traceback_of(awaits_who_recovers()), "awaits_who_recovers recovers_and_throws");
}

[[gnu::noinline]] void catches_at_every_depth(int depth) {
    try {
        if (depth == 0) return await(raises());
        catches_at_every_depth(depth - 1);
    } catch (const std::exception&) {
        throw;
    }
}
weft::task<> awaits_who_throws_on() { co_await create_fiber(catches_at_every_depth, 1); }

TEST(fiber_promise_frames, an_exception_that_is_caught_and_thrown_on_keeps_them) {
    EXPECT_EQ(names_in_traceback_of(awaits_who_throws_on()),
              "awaits_who_throws_on catches_at_every_depth catches_at_every_depth raises");
}

TEST(fiber_promise_frames, another_thread_sees_the_place_alone) {
    weft::testing::run([]() -> weft::task<> {
        weft::event e;
        auto h = create_fiber(begins, std::ref(e));
        co_await weft::sleep(1ms);
        std::string names;
        std::thread([&] { names = names_of(weft::capture_stack(h)); }).join();  // this one stands still meanwhile
        EXPECT_EQ(names, "waits_for");
        e.set();
        const int result = co_await h;
        EXPECT_EQ(result, 7);
    }());
}

}  // namespace
