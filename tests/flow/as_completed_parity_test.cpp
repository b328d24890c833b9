// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/as_completed.hpp>
#include <weft/flow/wait.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

// What CPython's test_tasks asserts of as_completed, iterated over by `async for`; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::as_completed;
using weft::create_task;

task<char> letter_after(weft::clock::duration d, char c) {
    co_await weft::sleep(d);
    co_return c;
}
using handles = std::vector<weft::task_handle<char>>;

// test_as_completed
TEST(as_completed_parity, gives_them_as_they_are_done) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        const handles fs{create_task(letter_after(10ms, 'b')), create_task(letter_after(150ms, 'c')),
                         create_task(letter_after(10ms, 'a'))};
        std::string letters;
        auto next = as_completed(fs);
        while (const auto h = co_await next.next()) letters += co_await *h;
        EXPECT_EQ(now() - began, 150ms);
        EXPECT_TRUE(letters == "abc" || letters == "bac") << letters;
    });
}

// test_as_completed_same_tasks_in_as_out
TEST(as_completed_parity, what_comes_out_is_what_was_put_in) {
    run_in_every_order([]() -> task<> {
        const handles fs{create_task(letter_after(0s, 'a')), create_task(letter_after(0s, 'b'))};
        std::vector<weft::any_task> out;
        auto next = as_completed(fs);
        while (const auto h = co_await next.next()) {
            EXPECT_TRUE(h->done());
            out.emplace_back(*h);
        }
        EXPECT_THAT(out, UnorderedElementsAre(weft::any_task(fs[0]), weft::any_task(fs[1])));
    });
}

// test_as_completed_with_timeout
TEST(as_completed_parity, a_timeout_is_for_all_together) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        const handles fs{create_task(letter_after(100ms, 'a')), create_task(letter_after(150ms, 'b'))};
        std::string log;
        auto next = as_completed(fs, 120ms);
        try {
            while (const auto h = co_await next.next()) log += co_await *h;
        } catch (const weft::timeout_error&) {
            log += '!';
        }
        EXPECT_EQ(log, "a!");
        EXPECT_EQ(now() - began, 120ms);
        co_await weft::wait(fs);
        EXPECT_FALSE(fs[1].cancelled());
    });
}

// _AsCompletedIterator._handle_timeout
TEST(as_completed_parity, what_is_done_after_the_time_is_late_though_nobody_waited) {
    run_in_every_order([]() -> task<> {
        const handles fs{create_task(letter_after(10ms, 'a')), create_task(letter_after(20ms, 'b')),
                         create_task(letter_after(40ms, 'c'))};
        std::string log;
        auto next = as_completed(fs, 30ms);
        try {
            while (const auto h = co_await next.next()) {
                log += co_await *h;
                if (log == "a") co_await weft::sleep(100ms);
            }
        } catch (const weft::timeout_error&) {
            log += '!';
        }
        EXPECT_EQ(log, "ab!");
    });
}

// test_as_completed_with_unused_timeout
TEST(as_completed_parity, a_timeout_that_is_not_reached_does_nothing) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        auto next = as_completed({create_task(letter_after(10ms, 'a'))}, 1s);
        while (const auto h = co_await next.next()) EXPECT_EQ(co_await *h, 'a');
        EXPECT_EQ(now() - began, 10ms);
    });
}

// test_as_completed_resume_iterator
TEST(as_completed_parity, it_may_be_left_and_gone_on_with) {
    run_in_every_order([]() -> task<> {
        handles fs;
        for (const char c : {'0', '1', '2', '3'}) fs.push_back(create_task(letter_after(0s, c)));
        std::vector<char> letters;
        auto next = as_completed(fs);
        while (const auto h = co_await next.next()) {
            letters.push_back(co_await *h);
            if (letters.size() == 2) break;
        }
        EXPECT_EQ(letters.size(), 2u);
        while (const auto h = co_await next.next()) letters.push_back(co_await *h);
        EXPECT_THAT(letters, UnorderedElementsAre('0', '1', '2', '3'));
    });
}

// test_as_completed_concurrent
TEST(as_completed_parity, what_it_gave_may_be_waited_for_at_once) {
    run_in_every_order([]() -> task<> {
        const handles fs{create_task(letter_after(50ms, 'a')), create_task(letter_after(50ms, 'b'))};
        handles out;
        auto next = as_completed(fs);
        while (auto h = co_await next.next()) out.push_back(std::move(*h));
        EXPECT_EQ(out.size(), 2u);
        const auto [done, pending] = co_await weft::wait(out);
        std::set<char> letters;
        for (const auto& h : done) letters.insert(h.result());
        EXPECT_THAT(letters, ElementsAre('a', 'b'));
    });
}

// test_as_completed_duplicate_coroutines: differs, asyncio gives it once
TEST(as_completed_parity, a_handle_that_is_given_twice_comes_twice) {
    run_in_every_order([]() -> task<> {
        const auto ham = create_task(letter_after(0s, 'h'));
        std::multiset<char> letters;
        auto next = as_completed({ham, ham, create_task(letter_after(0s, 's'))});
        while (const auto h = co_await next.next()) letters.insert(co_await *h);
        EXPECT_THAT(letters, ElementsAre('h', 'h', 's'));
    });
}

template <class T>
concept can_be_iterated = requires(T t) { as_completed(std::move(t)); };

// test_as_completed_invalid_args
TEST(as_completed_parity, a_future_or_a_coroutine_in_place_of_several_is_refused_by_the_compiler) {
    EXPECT_TRUE(can_be_iterated<std::vector<weft::future<>>>);
    EXPECT_FALSE(can_be_iterated<weft::future<>>);
    EXPECT_FALSE(can_be_iterated<task<>>);
}

}  // namespace
