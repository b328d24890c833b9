// SPDX-License-Identifier: Apache-2.0
#include "sync/tasks.hpp"

#include <weft/exec/run_coroutine_threadsafe.hpp>
#include <weft/exec/to_thread.hpp>
#include <weft/flow/gather.hpp>
#include <weft/sync/barrier.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

TEST(barrier, lets_all_go_on_when_the_last_one_comes) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(3);
        std::string log;
        const auto arrive = [](weft::barrier& at, std::string& to, weft::clock::duration d) -> weft::task<std::size_t> {
            co_await weft::sleep(d);
            to += 'a';
            const std::size_t index = co_await at.wait();
            to += 'l';
            co_return index;
        };
        const auto began = weft::get_running_loop().time();
        auto [x, y, z] = co_await weft::gather(arrive(b, log, 1s), arrive(b, log, 2s), arrive(b, log, 3s));
        EXPECT_EQ(weft::get_running_loop().time() - began, 3s);
        EXPECT_EQ(log, "aaalll");
        EXPECT_EQ((std::set<std::size_t>{x, y, z}), (std::set<std::size_t>{0, 1, 2}));
    };
    weft::testing::run(main());
}

TEST(barrier, cancelled_while_waiting_and_while_it_drains) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(3);
        const auto x = weft::create_task(b.wait()), y = weft::create_task(b.wait());
        co_await settle();
        EXPECT_EQ(b.n_waiting(), 2u);
        x.cancel();
        EXPECT_EQ(co_await ending(x), "cancelled");
        EXPECT_EQ(b.n_waiting(), 1u);
        const auto z = weft::create_task(b.wait()), last = weft::create_task(b.wait());
        co_await weft::yield_now();
        z.cancel();  // the round is complete: the others go on
        EXPECT_EQ(co_await ending(z), "cancelled");
        EXPECT_EQ(co_await ending(y), "done");
        EXPECT_EQ(co_await ending(last), "done");
        EXPECT_EQ(b.n_waiting(), 0u);
        const auto again = weft::create_task(b.wait());
        co_await settle();
        EXPECT_EQ(b.n_waiting(), 1u);
        co_await weft::gather(b.wait(), b.wait(), again);
    };
    weft::testing::run(main());
}

TEST(barrier, destroyed_while_waiting) {
    destroy_while_waiting([]() -> weft::task<> {
        weft::barrier b(3);
        const auto x = weft::create_task(b.wait());
        co_await b.wait();
    });
    weft::barrier outside(3);
    destroy_while_waiting([&]() -> weft::task<> {
        const auto x = weft::create_task(outside.wait());
        co_await outside.wait();
    });
    EXPECT_EQ(outside.n_waiting(), 0u);
}

TEST(barrier, when_it_is_destroyed_those_who_wait_get_an_error) {
    const auto main = []() -> weft::task<> {
        auto b = std::make_unique<weft::barrier>(3);
        const auto x = weft::create_task(b->wait()), y = weft::create_task(b->wait());
        co_await settle();
        b.reset();
        EXPECT_EQ(co_await ending(x), "condition: it was destroyed while a task waited for it");
        EXPECT_EQ(co_await ending(y), "condition: it was destroyed while a task waited for it");
    };
    weft::testing::run(main());
}

TEST(barrier, arrivals_and_cancellations_race_in_every_order) {
    for_many_seeds([](std::uint64_t seed) -> weft::task<> {
        dice d(seed);
        constexpr std::size_t parties = 3;
        weft::barrier b(parties);
        std::vector<weft::task_handle<std::size_t>> all;
        for (int i = 0; i < 20; ++i) {
            all.push_back(weft::create_task(b.wait()));
            for (int k = d.roll(3); k > 0; --k) co_await weft::yield_now();
            if (d.roll(3) == 0) all[static_cast<std::size_t>(d.roll(i + 1))].cancel();
        }
        co_await settle();
        std::size_t waiting = 0;
        for (const auto& h : all) waiting += !h.done();
        EXPECT_LT(waiting, parties);
        EXPECT_EQ(b.n_waiting(), waiting);
        for (; waiting % parties != 0; ++waiting) all.push_back(weft::create_task(b.wait()));
        for (const auto& h : all) (void)co_await ending(h);
        EXPECT_EQ(b.n_waiting(), 0u);
    });
}

TEST(barrier, is_waited_for_by_tasks_that_other_threads_have_made) {
    weft::run([]() -> weft::task<> {
        weft::barrier b(3);
        const auto from = [&, &loop = weft::get_running_loop()] {
            for (int i = 0; i < 100; ++i) weft::run_coroutine_threadsafe(b.wait(), loop).get();
        };
        auto first = weft::create_task(weft::to_thread(from)), second = weft::create_task(weft::to_thread(from));
        for (int i = 0; i < 100; ++i) co_await b.wait();
        co_await first;
        co_await second;
    }());
}

}  // namespace
