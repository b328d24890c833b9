// SPDX-License-Identifier: Apache-2.0
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/with.hpp>
#include <weft/sync/semaphore.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

TEST(semaphore, lets_as_many_in_as_it_has_permits_in_the_order_of_their_coming) {
    const auto main = []() -> weft::task<std::string> {
        weft::semaphore s(2);
        std::string log;
        co_await weft::gather(hold(s, log, 'a', 10s), hold(s, log, 'b', 1s), hold(s, log, 'c', 1s),
                              hold(s, log, 'd', 1s));
        EXPECT_EQ(s.value(), 2);
        co_return log;
    };
    EXPECT_EQ(weft::testing::run(main()), "abbccdda");
}

TEST(semaphore, a_newcomer_does_not_overtake_those_who_wait) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(0);
        std::string log;
        EXPECT_TRUE(s.locked());
        const auto a = weft::create_task(hold(s, log, 'a')), b = weft::create_task(hold(s, log, 'b'));
        co_await settle();
        for (int i = 0; i < 3; ++i) s.release();
        EXPECT_EQ(s.value(), 1);
        EXPECT_TRUE(s.locked()) << "others have been waiting";
        EXPECT_FALSE(s.try_acquire());
        co_await hold(s, log, 'c');
        EXPECT_EQ(log.substr(0, 3), "abc");
        co_await weft::gather(a, b);
        EXPECT_EQ(s.value(), 3);
        EXPECT_FALSE(s.locked());
    };
    weft::testing::run(main());
}

TEST(semaphore, whoever_came_while_another_had_been_chosen_is_chosen_when_that_one_has_run) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(0);
        std::string log;
        const auto a = weft::create_task(hold(s, log, 'a', 1h));
        co_await settle();
        s.release();
        s.release();
        const auto b = weft::create_task(hold(s, log, 'b', 1h));
        co_await settle();
        EXPECT_EQ(log, "ab");
        EXPECT_EQ(s.value(), 0);
        co_await weft::gather(a, b);
    };
    weft::testing::run(main());
}

TEST(semaphore, guards_are_moved_released_once_and_may_be_kept_together) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(3);
        std::vector<weft::semaphore::guard> held;
        for (int i = 0; i < 3; ++i) held.push_back(co_await s.acquire());
        EXPECT_EQ(s.value(), 0);
        weft::semaphore::guard g = std::move(held[0]);
        EXPECT_FALSE(held[0]);
        EXPECT_THROW(held[0].release(), weft::invalid_state_error);
        held.erase(held.begin());
        EXPECT_EQ(s.value(), 0);
        g.release();
        EXPECT_EQ(s.value(), 1);
        held[0] = std::move(held[1]);
        EXPECT_EQ(s.value(), 2);
        auto& same = held[0];
        held[0] = std::move(same);
        EXPECT_EQ(s.value(), 2);
        held.clear();
        EXPECT_EQ(s.value(), 3);
        EXPECT_TRUE(s.try_acquire());
    };
    weft::testing::run(main());
}

TEST(semaphore, is_a_context_and_acquire_may_be_a_task_of_its_own) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s;
        co_await weft::with(s, [&]() -> weft::task<> {
            EXPECT_EQ(s.value(), 0);
            co_return;
        });
        EXPECT_EQ(s.value(), 1);
        auto h = weft::create_task(s.acquire());
        {
            const auto permit = co_await std::move(h);
            EXPECT_TRUE(s.locked());
        }
        EXPECT_FALSE(s.locked());
    };
    weft::testing::run(main());
}

// Cancellation

TEST(semaphore, cancelled_while_waiting_and_after_it_was_chosen) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(0);
        std::string log;
        const auto a = weft::create_task(hold(s, log, 'a')), b = weft::create_task(hold(s, log, 'b')),
                   c = weft::create_task(hold(s, log, 'c'));
        co_await settle();
        EXPECT_STREQ(a.core().waiting_at()->kind().name, "semaphore");
        a.cancel();
        s.release();
        b.cancel();
        EXPECT_EQ(co_await ending(a), "cancelled");
        EXPECT_EQ(co_await ending(b), "cancelled");
        EXPECT_EQ(co_await ending(c), "done");
        EXPECT_EQ(log, "cc");
        EXPECT_EQ(s.value(), 1);
    };
    weft::testing::run(main());
}

TEST(semaphore, destroyed_while_waiting) {
    weft::semaphore outside(1);
    destroy_while_waiting([&]() -> weft::task<> {
        weft::semaphore inside(0);
        std::string log;
        const auto a = weft::create_task(hold(outside, log, 'a', 2h)), b = weft::create_task(hold(outside, log, 'b')),
                   c = weft::create_task(hold(inside, log, 'c'));
        co_await weft::sleep(1h);
    });
    EXPECT_EQ(outside.value(), 1);
    EXPECT_FALSE(outside.locked());
}

TEST(semaphore, a_chosen_waiter_that_is_destroyed_before_it_resumes_gives_its_permit_back) {
    weft::semaphore s(0);
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    std::string log;
    const auto b = weft::create_task_on(*loop, hold(s, log, 'b'));
    loop->run_once();
    s.release();
    EXPECT_EQ(s.value(), 0);
    loop->close();
    EXPECT_EQ(s.value(), 1);
    EXPECT_TRUE(s.try_acquire());
}

// Misuse

TEST(semaphore, cannot_have_less_than_no_permits) { EXPECT_THROW(weft::semaphore(-1), std::invalid_argument); }

TEST(semaphore, when_it_is_destroyed_those_who_wait_get_an_error_and_guards_are_empty) {
    const auto main = []() -> weft::task<> {
        auto s = std::make_unique<weft::semaphore>(1);
        std::string log;
        auto held = co_await s->acquire();
        const auto chosen = weft::create_task(hold(*s, log, 'c')), waits = weft::create_task(hold(*s, log, 'w'));
        co_await settle();
        s->release();
        s.reset();
        EXPECT_FALSE(held);
        EXPECT_EQ(co_await ending(chosen), "semaphore: it was destroyed while a task waited for it");
        EXPECT_EQ(co_await ending(waits), "semaphore: it was destroyed while a task waited for it");
    };
    weft::testing::run(main());
}

TEST(semaphore, in_debug_mode_a_call_from_another_thread_is_an_error) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_debug(true);
    weft::semaphore s(0);
    const auto main = [&]() -> weft::task<> {
        auto h = weft::create_task(s.acquire());
        co_await settle();
        std::thread([&] { EXPECT_THROW(s.release(), weft::invalid_state_error); }).join();
        EXPECT_FALSE(h.done());
        s.release();
        const auto permit = co_await std::move(h);
    };
    loop->run_until_complete(main());
}

// Races

TEST(semaphore, acquire_release_and_cancel_race_in_every_order) {
    for_many_seeds([](std::uint64_t seed) -> weft::task<> {
        dice d(seed);
        const int permits = d.roll(3) + 1;
        weft::semaphore s(permits);
        int inside = 0;
        struct presence {
            presence(int& n, int most) : count(n) { EXPECT_LE(++count, most); }
            ~presence() { --count; }
            int& count;
        };
        const auto enter = [](weft::semaphore& to, int& in, int most, int pause) -> weft::task<> {
            const auto permit = co_await to.acquire();
            const presence here(in, most);
            for (int i = 0; i < pause; ++i) co_await weft::yield_now();
        };
        std::vector<weft::task_handle<>> all;
        for (int i = 0; i < 15; ++i) {
            all.push_back(weft::create_task(enter(s, inside, permits, d.roll(3))));
            if (d.roll(3) == 0) co_await weft::yield_now();
            if (d.roll(2) == 0) all[static_cast<std::size_t>(d.roll(i + 1))].cancel();
        }
        for (const auto& h : all) (void)co_await ending(h);
        EXPECT_EQ(s.value(), permits);
        EXPECT_FALSE(s.locked());
    });
}

}  // namespace
