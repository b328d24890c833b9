// SPDX-License-Identifier: Apache-2.0
#include "coro/live_object.hpp"
#include "sync/tasks.hpp"

#include <weft/sync/channel.hpp>

#include <cstddef>
#include <optional>

using namespace std::chrono_literals;

namespace {

TEST(channel, cancelled_while_waiting_nothing_was_sent_or_received) {
    live_object::reset();
    const auto main = []() -> weft::task<> {
        weft::channel<live_object> c;
        const auto a = weft::create_task(c.send(live_object(1))), b = weft::create_task(c.send(live_object(2)));
        co_await settle();
        a.cancel();
        EXPECT_EQ(co_await ending(a), "cancelled");
        const auto v = co_await c.receive();
        EXPECT_EQ(v->value, 2);
        co_await b;
        const auto x = weft::create_task(c.receive()), y = weft::create_task(c.receive());
        co_await settle();
        x.cancel();
        co_await c.send(live_object(3));
        EXPECT_EQ(co_await ending(x), "cancelled");
        co_await settle();
        EXPECT_TRUE(y.done());
    };
    weft::testing::run(main());
    EXPECT_EQ(live_object::count, 0);
}

TEST(channel, a_value_whose_receiver_is_cancelled_goes_to_the_next_or_stays_before_all_others) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> c;
        const auto x = weft::create_task(c.receive()), y = weft::create_task(c.receive());
        co_await settle();
        co_await c.send(1);
        x.cancel();
        EXPECT_EQ(co_await ending(x), "cancelled");
        EXPECT_EQ(co_await y, 1);

        const auto z = weft::create_task(c.receive());
        co_await settle();
        co_await c.send(2);
        z.cancel();
        const auto later = weft::create_task(c.send(3));
        EXPECT_EQ(co_await ending(z), "cancelled");
        co_await settle();
        EXPECT_EQ(c.size(), 1u) << "beyond its capacity";
        EXPECT_FALSE(later.done());
        EXPECT_EQ(co_await c.receive(), 2);
        EXPECT_EQ(co_await c.receive(), 3);
        co_await later;
        EXPECT_TRUE(c.empty());
    };
    weft::testing::run(main());
}

TEST(channel, a_value_whose_receiver_is_cancelled_is_received_after_the_channel_was_closed) {
    const auto main = [](std::uint64_t) -> weft::task<> {
        weft::channel<int> c;
        const auto x = weft::create_task(c.receive());
        co_await settle();
        const auto y = weft::create_task(c.receive());
        co_await settle();
        EXPECT_TRUE(c.try_send(1));
        c.close();
        x.cancel();
        const auto latecomer = weft::create_task(c.receive());
        EXPECT_EQ(co_await ending(x), "cancelled");
        EXPECT_EQ(co_await y, 1);
        EXPECT_EQ(co_await latecomer, std::nullopt);
    };
    for_many_seeds(main);
}

TEST(channel, closed_it_tells_those_who_wait_when_the_last_value_has_been_received) {
    const auto main = [](std::uint64_t) -> weft::task<> {
        weft::channel<int> c;
        const auto x = weft::create_task(c.receive());
        co_await settle();
        const auto y = weft::create_task(c.receive());
        co_await settle();
        EXPECT_TRUE(c.try_send(1));
        c.close();
        EXPECT_EQ(co_await y, std::nullopt);
        EXPECT_EQ(co_await x, 1);
    };
    for_many_seeds(main);
}

TEST(channel, a_send_that_is_cancelled_when_its_value_is_gone_is_complete) {
    for (const std::size_t capacity : {0u, 1u}) {
        const auto main = [&]() -> weft::task<> {
            weft::channel<int> c{capacity};
            for (std::size_t i = 0; i < capacity; ++i) co_await c.send(0);
            bool sent = false;
            const auto sender = weft::create_task([](weft::channel<int>& to, bool& done) -> weft::task<> {
                co_await to.send(7);
                done = true;
                co_await weft::sleep(1h);
            }(c, sent));
            co_await settle();
            for (std::size_t i = 0; i < capacity; ++i) (void)co_await c.receive();
            EXPECT_EQ(co_await c.receive(), 7);
            sender.cancel();
            EXPECT_EQ(co_await ending(sender), "cancelled");  // at the sleep
            EXPECT_TRUE(sent);
        };
        weft::testing::run(main());
    }
}

TEST(channel, destroyed_while_waiting) {
    live_object::reset();
    {
        weft::channel<live_object> outside, kept{1};
        destroy_while_waiting([&]() -> weft::task<> {
            weft::channel<live_object> a, b;
            const auto s = weft::create_task(a.send(live_object(1)));
            const auto r = weft::create_task(b.receive());
            const auto t = weft::create_task(outside.send(live_object(2)));
            co_await kept.send(live_object(3));
            const auto u = weft::create_task(kept.send(live_object(4)));
            co_await weft::sleep(1h);
        });
        EXPECT_FALSE(outside.try_receive());
        EXPECT_EQ(kept.try_receive()->value, 3);
        EXPECT_FALSE(kept.try_receive());
        EXPECT_EQ(live_object::count, 0);
    }
    EXPECT_EQ(live_object::count, 0);
}

TEST(channel, a_value_promised_to_a_task_that_is_destroyed_is_there_for_others) {
    weft::channel<int> c;
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const auto r = weft::create_task_on(*loop, to_task(c.receive()));
    loop->run_once();
    EXPECT_TRUE(c.try_send(1));
    EXPECT_FALSE(c.try_receive());
    loop->close();
    EXPECT_EQ(c.try_receive(), 1);
}

}  // namespace
