// SPDX-License-Identifier: Apache-2.0
#include "coro/exception_table.hpp"
#include "counted_allocations.hpp"
#include "tracebacks.hpp"

#include <weft/coro/task.hpp>
#include <weft/coro/trace_exception.hpp>

#include <gtest/gtest.h>

#include <barrier>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace weft_test;

namespace {

/// An exception that counts how many of it there are.
struct counted : std::runtime_error {
    static inline std::atomic<int> count = 0;
    counted() : std::runtime_error("counted") { ++count; }
    counted(const counted& other) : std::runtime_error(other) { ++count; }
    counted& operator=(const counted&) = delete;
    ~counted() override { --count; }
};

std::size_t known() { return weft::exception_table::instance().size(); }

template <class E>
weft::task<> throws(E e) {
    co_await std::suspend_never();
    throw E(e);
}
template <class E>
weft::task<> awaits(E e) {
    co_await throws(e);
}
template <class E>
std::exception_ptr traced(E e) {
    return thrown_by([&] { awaits(e).step(); });
}

TEST(exception_table, an_exception_that_came_out_of_coroutines_is_known_as_long_as_it_lives) {
    const std::size_t before = known();
    {
        const std::exception_ptr error = traced(counted());
        EXPECT_EQ(known(), before + 1);
        EXPECT_EQ(weft::traceback_of(error).size(), 2);
        EXPECT_EQ(counted::count, 1);
        const std::exception_ptr copy = error;
        EXPECT_EQ(weft::traceback_of(copy).size(), 2);
    }
    EXPECT_EQ(counted::count, 0) << "the table keeps none alive";
    EXPECT_EQ(known(), before);
}

TEST(exception_table, what_is_caught_goes_at_the_end_of_its_handler) {
    const std::size_t before = known();
    try {
        awaits(counted()).step();
        ADD_FAILURE();
    } catch (const counted&) {
        EXPECT_EQ(known(), before + 1);
    }
    EXPECT_EQ(counted::count, 0);
    EXPECT_EQ(known(), before);
}

TEST(exception_table, what_has_no_destructor_is_forgotten_too) {
    const std::size_t before = known();
    std::exception_ptr error = traced(42);
    EXPECT_EQ(weft::traceback_of(error).size(), 2);
    EXPECT_EQ(known(), before + 1);
    error = nullptr;
    EXPECT_EQ(known(), before);
}

TEST(exception_table, what_is_no_exception_of_a_coroutine_is_not_known) {
    const std::size_t before = known();
    const std::exception_ptr error = std::make_exception_ptr(counted());
    EXPECT_TRUE(weft::traceback_of(error).empty());
    EXPECT_TRUE(weft::traceback_of(nullptr).empty());
    EXPECT_EQ(known(), before);
}

TEST(exception_table, an_address_that_is_used_again_is_another_exception) {
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(weft::traceback_of(traced(counted())).size(), 2);
        EXPECT_TRUE(weft::traceback_of(std::make_exception_ptr(counted())).empty());
    }
}

TEST(exception_table, of_many_that_live_the_oldest_lose_their_paths_and_nothing_else) {
    constexpr std::size_t limit = weft::exception_table::most_paths;
    const std::size_t before = known();
    std::vector<std::exception_ptr> errors;
    for (std::size_t i = 0; i < limit + 100; ++i) errors.push_back(traced(counted()));
    EXPECT_TRUE(weft::traceback_of(errors[0]).empty());
    EXPECT_TRUE(weft::traceback_of(errors[99]).empty());
    EXPECT_EQ(weft::traceback_of(errors[100]).size(), 2);
    EXPECT_EQ(weft::traceback_of(errors.back()).size(), 2);
    EXPECT_EQ(counted::count, static_cast<int>(errors.size()));
    errors.clear();
    EXPECT_EQ(counted::count, 0);
    EXPECT_EQ(known(), before);
}

TEST(exception_table, who_is_on_its_way_keeps_its_path) {
    const std::exception_ptr error = traced(counted());
    std::vector<std::exception_ptr> others;
    for (std::size_t i = 0; i < 2 * weft::exception_table::most_paths; ++i) {
        others.push_back(traced(counted()));
        if (i % 512 != 0) continue;
        const auto again = [](std::exception_ptr e) -> weft::task<> { co_await raising(std::move(e)); };
        (void)thrown_by([&] { again(error).step(); });
    }
    EXPECT_EQ(weft::traceback_of(error).size(), 3) << "and the last one is there four times";
}

TEST(exception_table, threads_may_throw_the_same_exception_at_once) {
    const std::size_t before = known();
    {
        const std::exception_ptr shared = std::make_exception_ptr(counted());
        constexpr int threads = 4, rounds = 200;
        std::barrier start(threads);
        std::vector<std::thread> all;
        for (int i = 0; i < threads; ++i) {
            all.emplace_back([&] {
                const auto again = [](std::exception_ptr e) -> weft::task<> { co_await raising(std::move(e)); };
                start.arrive_and_wait();
                for (int r = 0; r < rounds; ++r) {
                    (void)thrown_by([&] { again(shared).step(); });
                    (void)traced(counted());
                    (void)weft::format_exception(shared);
                }
            });
        }
        for (std::thread& t : all) t.join();
        std::size_t times = 0;
        for (const weft::traced_frame& f : weft::traceback_of(shared)) times += f.times + f.left_out;
        EXPECT_EQ(times, std::size_t{threads} * rounds) << "none was lost";
    }
    EXPECT_EQ(counted::count, 0);
    EXPECT_EQ(known(), before);
}

TEST(exception_table, an_exception_may_go_on_another_thread) {
    const std::size_t before = known();
    std::exception_ptr error = traced(counted());
    std::thread([e = std::move(error)]() mutable { e = nullptr; }).join();
    EXPECT_EQ(counted::count, 0);
    EXPECT_EQ(known(), before);
}

TEST(exception_table, each_who_gets_a_kept_exception_goes_on_from_its_path_then) {
    const std::exception_ptr error = traced(counted());
    const int owner = 0;
    weft::keep_trace(error, &owner);
    const auto again = [](std::exception_ptr e) -> weft::task<> { co_await raising(std::move(e)); };
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(weft::restore_trace(error, &owner));
        (void)thrown_by([&] { again(error).step(); });
        EXPECT_EQ(weft::traceback_of(error).size(), 3);
    }
}

TEST(exception_table, an_exception_without_a_path_is_kept_without_one) {
    const std::size_t before = known();
    {
        const std::exception_ptr error = std::make_exception_ptr(counted());
        const int owner = 0;
        weft::keep_trace(error, &owner);
        const auto again = [](std::exception_ptr e) -> weft::task<> { co_await raising(std::move(e)); };
        for (int i = 0; i < 3; ++i) {
            const auto rethrow = [&]() -> weft::task<> {
                co_await again(thrown_by([&] { weft::rethrow_kept(error, &owner); }));
            };
            (void)thrown_by([&] { rethrow().step(); });
            EXPECT_EQ(weft::traceback_of(error).size(), 2);
        }
    }
    EXPECT_EQ(known(), before);
}

TEST(exception_table, of_those_who_have_kept_it_the_last_few_count) {
    const std::exception_ptr error = traced(counted());
    const char owners[weft::exception_table::most_kept + 1] = {};
    for (const char& owner : owners) weft::keep_trace(error, &owner);
    EXPECT_FALSE(weft::restore_trace(error, &owners[0]));
    EXPECT_TRUE(weft::restore_trace(error, &owners[1]));
    EXPECT_FALSE(weft::restore_trace(nullptr, &owners[1]));
}

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS
TEST(exception_table, without_memory_the_path_is_lost_and_the_exception_is_not) {
    const std::size_t before = known();
    bool was_lost = false, was_there = false;
    for (std::size_t number = 0; number < 20; ++number) {
        std::exception_ptr left;
        try {
            throw counted();
        } catch (...) {
            failing_allocation = allocations.load() + number;
            left = weft::exception_leaving(std::source_location::current());
            weft::keep_trace(left, &before);
            weft::trace_call(left, std::source_location::current());
            weft::restore_trace(left, &before);
            failing_allocation = no_allocation;
        }
        ASSERT_TRUE(left);
        (weft::traceback_of(left).empty() ? was_lost : was_there) = true;
        left = nullptr;
        EXPECT_EQ(counted::count, 0);
        EXPECT_EQ(known(), before);
    }
    EXPECT_TRUE(was_lost);
    EXPECT_TRUE(was_there);
}
#endif

}  // namespace
