// SPDX-License-Identifier: Apache-2.0
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/sync/event.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

weft::task<> wait_for_it(weft::event& e, std::string& log, char name) {
    co_await e.wait();
    log += name;
}

TEST(event, all_who_wait_go_on_when_it_is_set_in_the_order_of_their_coming) {
    const auto main = []() -> weft::task<> {
        weft::event e;
        std::string log;
        EXPECT_FALSE(e.is_set());
        const auto a = weft::create_task(wait_for_it(e, log, 'a')), b = weft::create_task(wait_for_it(e, log, 'b'));
        co_await settle();
        EXPECT_EQ(log, "");
        e.set();
        EXPECT_TRUE(e.is_set());
        co_await wait_for_it(e, log, 'c');  // does not wait
        co_await settle();
        EXPECT_EQ(log, "cab");
    };
    weft::testing::run(main());
}

TEST(event, set_and_cleared_at_once_it_has_been_set_for_those_who_waited) {
    const auto main = []() -> weft::task<> {
        weft::event e;
        std::string log;
        const auto a = weft::create_task(wait_for_it(e, log, 'a'));
        co_await settle();
        e.set();
        e.clear();
        const auto b = weft::create_task(wait_for_it(e, log, 'b'));
        co_await settle();
        EXPECT_EQ(log, "a");
        EXPECT_FALSE(e.is_set());
        EXPECT_STREQ(b.core().waiting_at()->kind().name, "event");
        e.set();
        co_await b;
    };
    weft::testing::run(main());
}

TEST(event, wait_may_be_a_task_of_its_own) {
    const auto main = []() -> weft::task<> {
        weft::event e, f;
        const auto a = weft::create_task(e.wait());
        co_await settle();
        e.set();
        co_await a;
        f.set();
        co_await weft::gather(e.wait(), f.wait());
    };
    weft::testing::run(main());
}

TEST(event, cancelled_while_waiting_and_after_it_was_set) {
    const auto main = []() -> weft::task<> {
        weft::event e;
        std::string log;
        const auto a = weft::create_task(wait_for_it(e, log, 'a')), b = weft::create_task(wait_for_it(e, log, 'b'));
        co_await settle();
        a.cancel();
        EXPECT_EQ(co_await ending(a), "cancelled");
        e.set();
        b.cancel();
        EXPECT_EQ(co_await ending(b), "cancelled");
        EXPECT_EQ(log, "");
    };
    weft::testing::run(main());
}

TEST(event, destroyed_while_waiting) {
    weft::event outside;
    destroy_while_waiting([&]() -> weft::task<> {
        weft::event inside;
        std::string log;
        const auto a = weft::create_task(wait_for_it(outside, log, 'a')),
                   b = weft::create_task(wait_for_it(inside, log, 'b'));
        co_await weft::sleep(1h);
    });
    outside.set();  // wakes nobody
}

TEST(event, when_it_is_destroyed_those_who_wait_get_an_error_and_those_for_whom_it_was_set_go_on) {
    const auto main = []() -> weft::task<> {
        auto e = std::make_unique<weft::event>();
        std::string log;
        const auto a = weft::create_task(wait_for_it(*e, log, 'a'));
        co_await settle();
        e->set();
        e->clear();
        const auto b = weft::create_task(e->wait());
        co_await weft::yield_now();
        co_await settle();
        const auto c = weft::create_task(wait_for_it(*e, log, 'c'));
        co_await settle();
        e->set();
        e->clear();
        e.reset();
        co_await c;
        co_await b;
        EXPECT_EQ(log, "ac");
        e = std::make_unique<weft::event>();
        const auto d = weft::create_task(wait_for_it(*e, log, 'd'));
        co_await settle();
        e.reset();
        EXPECT_EQ(co_await ending(d), "event: it was destroyed while a task waited for it");
    };
    weft::testing::run(main());
}

TEST(event, belongs_to_one_loop_and_in_debug_mode_to_its_thread) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_debug(true);
    weft::event e;
    const auto main = [&]() -> weft::task<> {
        const auto a = weft::create_task(e.wait());
        co_await settle();
        bool refused = false;
        std::thread([&] {
            try {
                e.set();
            } catch (const weft::invalid_state_error&) {
                refused = true;
            }
        }).join();
        EXPECT_TRUE(refused);
        EXPECT_FALSE(a.done());
        e.set();
        co_await a;
    };
    loop->run_until_complete(main());
    e.clear();
    const auto other = weft::testing::make_virtual_loop();
    const auto elsewhere = [&]() -> weft::task<> {
        EXPECT_EQ(co_await ending(weft::create_task(e.wait())),
                  "event: what is waited for is bound to a different event loop");
    };
    other->run_until_complete(elsewhere());
}

TEST(event, set_clear_and_cancel_race_in_every_order) {
    for_many_seeds([](std::uint64_t seed) -> weft::task<> {
        dice d(seed);
        weft::event e;
        std::string log;
        std::vector<weft::task_handle<>> all;
        for (int i = 0; i < 12; ++i) {
            all.push_back(weft::create_task(wait_for_it(e, log, 'x')));
            switch (d.roll(4)) {
                case 0: e.set(); break;
                case 1: e.clear(); break;
                case 2: all[static_cast<std::size_t>(d.roll(i + 1))].cancel(); break;
                default: co_await weft::yield_now();
            }
        }
        e.set();
        std::size_t cancelled = 0;
        for (const auto& h : all) cancelled += co_await ending(h) == "cancelled";
        EXPECT_EQ(log.size() + cancelled, all.size());
    });
}

}  // namespace
