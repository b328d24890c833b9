// SPDX-License-Identifier: Apache-2.0
#include "exec/threads.hpp"

#include <weft/exec/run_in_executor.hpp>
#include <weft/exec/thread_pool.hpp>
#include <weft/flow/gather.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace weft_test;

namespace {

std::string thread_name() {
    char name[16] = {};
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    return name;
}

/// Its own exception, which nothing else throws.
struct special_error : std::runtime_error {
    special_error(const std::string& what, int n) : std::runtime_error(what), number(n) {}
    int number;
};

TEST(thread_pool, makes_a_call_on_another_thread_and_gives_its_result) {
    weft::thread_pool pool(2);
    const auto main = [](weft::thread_pool& p) -> weft::task<> {
        const auto [id, sum] =
            co_await p.run([](int a, int b) { return std::pair(std::this_thread::get_id(), a + b); }, 40, 2);
        EXPECT_NE(id, std::this_thread::get_id());
        EXPECT_EQ(sum, 42);
    };
    weft::run(main(pool));
}

TEST(thread_pool, gives_every_kind_of_result) {
    weft::thread_pool pool(1);
    const auto main = [](weft::thread_pool& p) -> weft::task<> {
        int i = 1;
        co_await p.run([](int& r) { r = 2; }, std::ref(i));
        EXPECT_EQ(i, 2);
        int& same = co_await p.run([](int& r) -> int& { return r; }, std::ref(i));
        EXPECT_EQ(&same, &i);
        const std::unique_ptr<int> pointer = co_await p.run([] { return std::make_unique<int>(3); });
        EXPECT_EQ(*pointer, 3);
    };
    weft::run(main(pool));
}

TEST(thread_pool, what_a_call_throws_arrives_unchanged) {
    weft::thread_pool pool(1);
    const auto main = [](weft::thread_pool& p) -> weft::task<> {
        int caught = 0;
        try {
            co_await p.run([]() -> int { throw special_error("no", 5); });
        } catch (const special_error& e) {
            caught = e.number;
            EXPECT_STREQ(e.what(), "no");
        }
        EXPECT_EQ(caught, 5);
        try {
            co_await p.run([] { throw 6; });
        } catch (int i) {
            caught = i;
        }
        EXPECT_EQ(caught, 6);
        EXPECT_EQ(co_await p.run([] { return 7; }), 7);  // the thread has survived
    };
    weft::run(main(pool));
}

TEST(thread_pool, keeps_callables_and_arguments_alive_and_moves_what_can_only_be_moved) {
    weft::thread_pool pool(1);
    const auto make = [](weft::thread_pool& p) {
        std::string local = "a text that is too long for a small buffer";
        auto pointer = std::make_unique<int>(4);
        return p.run(
            [local](std::unique_ptr<int> q, const std::string& text) { return local + text + std::to_string(*q); },
            std::move(pointer), "!");
    };
    const auto main = [&make](weft::thread_pool& p) -> weft::task<std::string> { co_return co_await make(p); };
    EXPECT_EQ(weft::run(main(pool)), "a text that is too long for a small buffer!4");
}

TEST(thread_pool, calls_member_functions) {
    struct counter {
        int n = 0;
        int add(int k) { return n += k; }
    };
    weft::thread_pool pool(1);
    const auto main = [](weft::thread_pool& p) -> weft::task<> {
        counter c;
        EXPECT_EQ(co_await p.run(&counter::add, &c, 3), 3);
        EXPECT_EQ(c.n, 3);
    };
    weft::run(main(pool));
}

TEST(thread_pool, destroys_what_it_called_before_its_result_is_seen) {
    weft::thread_pool pool(1);
    std::atomic<int> alive = 0;
    const auto main = [](weft::thread_pool& p, std::atomic<int>& n) -> weft::task<> {
        co_await p.run([c = counted(n)] {});
        EXPECT_EQ(n, 0);
    };
    weft::run(main(pool, alive));
}

TEST(thread_pool, begins_calls_in_the_order_in_which_they_came) {
    weft::thread_pool pool(1);
    held_call first;
    std::vector<int> order;
    auto held = pool.submit(std::ref(first));
    std::vector<std::future<void>> rest;
    for (int i = 0; i < 100; ++i) rest.push_back(pool.submit([&order, i] { order.push_back(i); }));
    first.may_end.open();
    EXPECT_EQ(get(std::move(held)), 7);
    for (auto& f : rest) get(std::move(f));
    ASSERT_EQ(order.size(), 100u);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(thread_pool, starts_threads_when_they_are_needed_and_uses_idle_ones) {
    weft::thread_pool pool(4);
    EXPECT_EQ(pool.thread_count(), 0u);
    const auto main = [](weft::thread_pool& p) -> weft::task<> {
        for (int i = 0; i < 100; ++i) co_await p.run([] {});
        EXPECT_EQ(p.thread_count(), 1u);
        held_call a, b;
        const auto both = weft::create_task(weft::gather(p.run(std::ref(a)), p.run(std::ref(b))));
        co_await weft::yield_now();
        a.begun.wait();
        b.begun.wait();
        co_await p.run([] {});  // while both are held
        EXPECT_EQ(p.thread_count(), 3u);
        a.may_end.open();
        b.may_end.open();
        co_await both;
    };
    weft::run(main(pool));
}

TEST(thread_pool, has_no_more_threads_than_it_may) {
    weft::thread_pool pool(2);
    EXPECT_EQ(pool.max_threads(), 2u);
    std::atomic<int> running = 0, most = 0;
    std::vector<std::future<void>> all;
    for (int i = 0; i < 200; ++i) {
        all.push_back(pool.submit([&] {
            const int now = ++running;
            int seen = most;
            while (seen < now && !most.compare_exchange_weak(seen, now)) {
            }
            --running;
        }));
    }
    for (auto& f : all) get(std::move(f));
    EXPECT_LE(most, 2);
    EXPECT_LE(pool.thread_count(), 2u);
}

TEST(thread_pool, has_as_many_threads_as_asyncios_by_default) {
    EXPECT_GE(weft::thread_pool::default_threads(), 5u);
    EXPECT_LE(weft::thread_pool::default_threads(), 32u);
    EXPECT_EQ(weft::thread_pool().max_threads(), weft::thread_pool::default_threads());
}

TEST(thread_pool, of_no_threads_is_refused) { EXPECT_THROW(weft::thread_pool(0), std::invalid_argument); }

TEST(thread_pool, names_its_threads) {
    weft::thread_pool usual(1), named(1, "a-very-long-name-indeed"), empty(1, "");
    EXPECT_EQ(get(usual.submit(thread_name)), "weft-pool-0");
    EXPECT_EQ(get(named.submit(thread_name)), "a-very-long-n-0");
    EXPECT_EQ(get(empty.submit(thread_name)), "-0");
}

// Ending

TEST(thread_pool, its_destructor_makes_the_calls_that_wait) {
    std::atomic<int> made = 0;
    std::vector<std::future<int>> all;
    {
        weft::thread_pool pool(2);
        for (int i = 0; i < 50; ++i) all.push_back(pool.submit([&made] { return ++made; }));
    }
    EXPECT_EQ(made, 50);
    for (auto& f : all) get(std::move(f));
}

TEST(thread_pool, takes_no_call_after_it_was_shut_down_and_says_so) {
    weft::thread_pool pool(1);
    pool.shutdown();
    pool.shutdown();
    std::string said;
    try {
        (void)pool.submit([] {});
    } catch (const weft::invalid_state_error& e) {
        said = e.what();
    }
    EXPECT_EQ(said, "cannot take a call: the thread pool has been shut down");
    const auto main = [](weft::thread_pool& p) -> weft::task<> {
        std::atomic<int> alive = 0;
        bool refused = false;
        try {
            co_await p.run([c = counted(alive)] {});
        } catch (const weft::invalid_state_error&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
        EXPECT_EQ(alive, 0);
        EXPECT_THROW((void)weft::run_in_executor(p, [c = counted(alive)] {}), weft::invalid_state_error);
        EXPECT_EQ(alive, 0);
        co_await weft::yield_now();  // the task is as well as before
    };
    weft::run(main(pool));
}

TEST(thread_pool, gives_up_pending_calls_when_told_to_and_tells_who_waits) {
    weft::thread_pool pool(1);
    held_call first;
    const auto main = [](weft::thread_pool& p, held_call& held) -> weft::task<> {
        std::atomic<int> alive = 0;
        const auto runs = weft::create_task(p.run(std::ref(held)));
        const auto waits = weft::create_task(p.run([c = counted(alive)] { return 1; }));
        co_await weft::yield_now();
        const auto eager = weft::run_in_executor(p, [c = counted(alive)] { return 2; });
        auto outside = p.submit([c = counted(alive)] { return 3; });
        held.begun.wait();
        p.shutdown({.wait = false, .cancel_pending = true});
        EXPECT_EQ(alive, 0);
        bool cancelled = false;
        try {
            co_await waits;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        EXPECT_TRUE(eager.cancelled());
        EXPECT_THROW(get(std::move(outside)), weft::cancelled_error);
        held.may_end.open();
        EXPECT_EQ(co_await runs, 7);  // it had begun
    };
    weft::run(main(pool, first));
}

TEST(thread_pool, shut_down_without_waiting_it_makes_its_calls_all_the_same) {
    gate third_made;
    held_call first;
    std::future<int> f;
    {
        weft::thread_pool pool(1);
        f = pool.submit(std::ref(first));
        (void)pool.submit([] {});
        (void)pool.submit([&] { third_made.open(); });
        pool.shutdown({.wait = false});
    }  // does not wait: the first call is still held
    EXPECT_FALSE(third_made.is_open());
    first.may_end.open();
    EXPECT_EQ(get(std::move(f)), 7);
    third_made.wait();
}

TEST(thread_pool, may_be_shut_down_and_destroyed_by_one_of_its_own_threads) {
    auto pool = std::make_shared<weft::thread_pool>(2);
    auto other = pool->submit([] { return 1; });
    weft::thread_pool& p = *pool;
    auto last = p.submit([pool = std::move(pool)]() mutable {
        pool->shutdown();
        pool.reset();
        return 2;
    });
    EXPECT_EQ(get(std::move(last)), 2);
    EXPECT_EQ(get(std::move(other)), 1);
}

TEST(thread_pool, several_threads_may_shut_it_down_at_once) {
    weft::thread_pool pool(3);
    std::atomic<int> made = 0;
    for (int i = 0; i < 30; ++i) (void)pool.submit([&] { ++made; });
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            pool.shutdown();
            EXPECT_EQ(made, 30);
        });
    }
    for (auto& t : threads) t.join();
}

TEST(thread_pool, shutdown_then_tells_when_all_calls_are_made) {
    weft::thread_pool pool(2);
    held_call held;
    auto f = pool.submit(std::ref(held));
    gate ended, ended_again;
    pool.shutdown_then([&] { ended.open(); });
    EXPECT_THROW((void)pool.submit([] {}), weft::invalid_state_error);
    EXPECT_FALSE(ended.is_open());
    held.may_end.open();
    ended.wait();
    EXPECT_EQ(get(std::move(f)), 7);
    pool.shutdown_then([&] { ended_again.open(); });
    EXPECT_TRUE(ended_again.is_open());
}

TEST(thread_pool, a_child_process_cannot_use_its_parents) {
    weft::thread_pool pool(1);
    EXPECT_EQ(get(pool.submit([] { return 1; })), 1);
    const pid_t child = ::fork();
    if (child == 0) {
        int status = 0;
        try {
            (void)pool.submit([] {});
            status = 2;
        } catch (const weft::invalid_state_error& e) {
            if (std::string(e.what()).find("fork()") == std::string::npos) status = 3;
        }
        pool.~thread_pool();  // neither waits nor fails
        ::_exit(status);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    EXPECT_EQ(get(pool.submit([] { return 3; })), 3);
}

TEST(thread_pool, serves_several_loops_at_once) {
    weft::thread_pool pool(3);
    const auto main = [](weft::thread_pool& p) -> weft::task<int> {
        int sum = 0;
        for (int i = 0; i < 300; ++i) sum += co_await p.run([i] { return i; });
        co_return sum;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] { EXPECT_EQ(weft::run(main(pool)), 300 * 299 / 2); });
    }
    for (auto& t : threads) t.join();
}

}  // namespace
