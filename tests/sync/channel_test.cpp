// SPDX-License-Identifier: Apache-2.0
#include "coro/live_object.hpp"
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/sync/channel.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

template <class T>
weft::task<> receive_into(weft::channel<T>& c, std::vector<T>& to) {
    while (auto v = co_await c.receive()) to.push_back(std::move(*v));
}
weft::task<> send_all(weft::channel<int>& c, int count) {
    for (int i = 0; i < count; ++i) co_await c.send(i);
    c.close();
}

TEST(channel, passes_values_on_in_their_order_until_it_is_closed) {
    for (const std::size_t capacity : {0u, 1u, 3u, 1000u}) {
        const auto main = [&]() -> weft::task<> {
            weft::channel<int> c{capacity};
            std::vector<int> got;
            co_await weft::gather(send_all(c, 100), receive_into(c, got));
            EXPECT_EQ(got.size(), 100u);
            EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
            EXPECT_TRUE(c.closed());
        };
        weft::testing::run(main());
        const auto the_other_way_round = [&]() -> weft::task<> {
            weft::channel<int> c{capacity};
            std::vector<int> got;
            co_await weft::gather(receive_into(c, got), send_all(c, 100));
            EXPECT_EQ(got.size(), 100u);
            EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
        };
        weft::testing::run(the_other_way_round());
    }
}

TEST(channel, without_capacity_sender_and_receiver_meet) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> c;
        EXPECT_EQ(c.capacity(), 0u);
        const auto sender = weft::create_task(c.send(1));
        co_await settle();
        EXPECT_FALSE(sender.done());
        EXPECT_STREQ(sender.core().waiting_at()->kind().name, "channel send");
        EXPECT_TRUE(c.empty());
        EXPECT_EQ(co_await c.receive(), 1);
        co_await sender;
        const auto receiver = weft::create_task(c.receive());
        co_await settle();
        EXPECT_STREQ(receiver.core().waiting_at()->kind().name, "channel receive");
        co_await c.send(2);  // does not wait
        EXPECT_EQ(co_await receiver, 2);
    };
    weft::testing::run(main());
}

TEST(channel, with_capacity_it_keeps_so_many_values) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> c{2};
        co_await c.send(1);
        co_await c.send(2);
        EXPECT_EQ(c.size(), 2u);
        const auto third = weft::create_task(c.send(3)), fourth = weft::create_task(c.send(4));
        co_await settle();
        EXPECT_FALSE(third.done());
        EXPECT_EQ(co_await c.receive(), 1);
        EXPECT_EQ(c.size(), 2u) << "the third one has moved up";
        co_await settle();
        EXPECT_TRUE(third.done());
        EXPECT_FALSE(fourth.done());
        for (int i = 2; i <= 4; ++i) EXPECT_EQ(co_await c.receive(), i);
        co_await fourth;
    };
    weft::testing::run(main());
}

TEST(channel, try_send_and_try_receive_do_what_can_be_done_at_once) {
    const auto main = []() -> weft::task<> {
        weft::channel<std::unique_ptr<int>> c{1};
        EXPECT_FALSE(c.try_receive());
        EXPECT_TRUE(c.try_send(std::make_unique<int>(1)));
        auto own = std::make_unique<int>(2);
        EXPECT_FALSE(c.try_send(std::move(own)));
        EXPECT_EQ(*own, 2) << "it is left alone";  // NOLINT(bugprone-use-after-move)
        const auto waits = weft::create_task(c.send(std::move(own)));
        co_await settle();
        EXPECT_EQ(**c.try_receive(), 1);
        EXPECT_EQ(**c.try_receive(), 2);
        EXPECT_FALSE(c.try_receive());
        co_await waits;

        weft::channel<int> meeting;
        EXPECT_FALSE(meeting.try_send(1));
        const auto receiver = weft::create_task(meeting.receive());
        co_await settle();
        EXPECT_TRUE(meeting.try_send(1));
        EXPECT_FALSE(meeting.try_send(2)) << "nobody else waits";
        EXPECT_FALSE(meeting.try_receive()) << "it is promised";
        EXPECT_EQ(co_await receiver, 1);
        const auto sender = weft::create_task(meeting.send(3));
        co_await settle();
        EXPECT_EQ(meeting.try_receive(), 3);
        co_await sender;
    };
    weft::testing::run(main());
}

TEST(channel, serves_both_sides_in_the_order_of_their_coming) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> c;
        std::vector<weft::task_handle<std::optional<int>>> receivers;
        for (int i = 0; i < 3; ++i) receivers.push_back(weft::create_task(c.receive()));
        co_await settle();
        for (int i = 0; i < 3; ++i) co_await c.send(i);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(co_await receivers[static_cast<std::size_t>(i)], i);
        std::vector<weft::task_handle<>> senders;
        for (int i = 0; i < 3; ++i) senders.push_back(weft::create_task(c.send(i)));
        co_await settle();
        for (int i = 0; i < 3; ++i) EXPECT_EQ(co_await c.receive(), i);
        co_await weft::gather(senders);
    };
    weft::testing::run(main());
}

// Closing

TEST(channel, closed_it_gives_what_is_left_and_then_nothing) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> c{2};
        co_await c.send(1);
        c.close();
        EXPECT_EQ(co_await c.receive(), 1);
        EXPECT_EQ(co_await c.receive(), std::nullopt);
        EXPECT_EQ(co_await c.receive(), std::nullopt);
        EXPECT_EQ(c.try_receive(), std::nullopt);
    };
    weft::testing::run(main());
}

TEST(channel, closing_lets_receivers_go_with_nothing_and_senders_with_an_error) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> c;
        const auto receiver = weft::create_task(c.receive());
        co_await settle();
        c.close();
        EXPECT_EQ(co_await receiver, std::nullopt);
        weft::channel<int> d;
        const auto sender = weft::create_task(d.send(1));
        co_await settle();
        d.close();
        EXPECT_EQ(co_await ending(sender), "channel: send on a closed channel");
        EXPECT_EQ(co_await d.receive(), std::nullopt);
    };
    weft::testing::run(main());
}

TEST(channel, sending_on_a_closed_one_and_closing_it_again_are_errors) {
    const auto main = []() -> weft::task<> {
        weft::channel<std::unique_ptr<int>> c{1};
        c.close();
        EXPECT_THROW(co_await c.send(nullptr), weft::channel_closed);
        auto own = std::make_unique<int>(1);
        EXPECT_THROW((void)c.try_send(std::move(own)), weft::channel_closed);
        EXPECT_EQ(*own, 1);  // NOLINT(bugprone-use-after-move)
        EXPECT_THROW(c.close(), weft::channel_closed);
    };
    weft::testing::run(main());
}

// Misuse

TEST(channel, when_it_is_destroyed_those_who_wait_get_an_error) {
    const auto main = []() -> weft::task<> {
        auto c = std::make_unique<weft::channel<int>>();
        const auto chosen = weft::create_task(c->receive()), waits = weft::create_task(c->receive());
        co_await settle();
        co_await c->send(1);
        c.reset();
        EXPECT_EQ(co_await ending(chosen), "channel receive: it was destroyed while a task waited for it");
        EXPECT_EQ(co_await ending(waits), "channel receive: it was destroyed while a task waited for it");
        c = std::make_unique<weft::channel<int>>();
        const auto done = weft::create_task(c->send(1)), sender = weft::create_task(c->send(2));
        co_await settle();
        EXPECT_EQ(co_await c->receive(), 1);
        c.reset();
        EXPECT_EQ(co_await ending(done), "done");
        EXPECT_EQ(co_await ending(sender), "channel send: it was destroyed while a task waited for it");
    };
    weft::testing::run(main());
}

TEST(channel, a_value_whose_move_fails_is_not_lost) {
    live_object::reset();
    const auto main = []() -> weft::task<> {
        weft::channel<live_object> c{1};
        co_await c.send(live_object(1));
        live_object::moves_until_failure = 0;
        EXPECT_THROW((void)co_await c.receive(), std::runtime_error);
        live_object::moves_until_failure = 0;
        EXPECT_THROW((void)c.try_receive(), std::runtime_error);
        live_object::moves_until_failure = -1;
        const auto sender = weft::create_task(c.send(live_object(2)));
        co_await settle();
        live_object::moves_until_failure = 0;
        EXPECT_THROW((void)c.try_receive(), std::runtime_error);  // the sender's, on its way in
        live_object::moves_until_failure = -1;
        EXPECT_FALSE(sender.done());
        EXPECT_EQ(c.try_receive()->value, 1);
        EXPECT_EQ(c.try_receive()->value, 2);
        co_await sender;
    };
    weft::testing::run(main());
    EXPECT_EQ(live_object::count, 0);
}

TEST(channel, belongs_to_one_loop_and_in_debug_mode_to_its_thread) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_debug(true);
    weft::channel<int> c;
    const auto main = [&]() -> weft::task<> {
        const auto receiver = weft::create_task(c.receive());
        co_await settle();
        std::thread([&] {
            EXPECT_THROW((void)c.try_send(1), weft::invalid_state_error);
            EXPECT_THROW((void)c.try_receive(), weft::invalid_state_error);
            EXPECT_THROW(c.close(), weft::invalid_state_error);
        }).join();
        EXPECT_FALSE(receiver.done());
        EXPECT_TRUE(c.try_send(2));
        EXPECT_EQ(co_await receiver, 2);
    };
    loop->run_until_complete(main());
    const auto other = weft::testing::make_virtual_loop();
    const auto elsewhere = [&]() -> weft::task<> {
        EXPECT_EQ(co_await ending(weft::create_task(c.receive())),
                  "channel receive: what is waited for is bound to a different event loop");
    };
    other->run_until_complete(elsewhere());
}

// Races

TEST(channel, no_value_is_lost_or_doubled_whoever_is_cancelled_and_in_whatever_order) {
    live_object::reset();
    for_many_seeds([](std::uint64_t seed) -> weft::task<> {
        dice d(seed);
        weft::channel<live_object> c(static_cast<std::size_t>(d.roll(3)));
        std::vector<int> got, sent;
        const auto receiver = [](weft::channel<live_object>& from, std::vector<int>& to) -> weft::task<> {
            if (const auto v = co_await from.receive()) to.push_back(v->value);
        };
        const auto sender = [](weft::channel<live_object>& to, std::vector<int>& done, int i) -> weft::task<> {
            co_await to.send(live_object(i));
            done.push_back(i);
        };
        std::vector<weft::task_handle<>> all;
        for (int i = 0; i < 20; ++i) {
            all.push_back(d.roll(2) ? weft::create_task(receiver(c, got)) : weft::create_task(sender(c, sent, i)));
            for (int k = d.roll(3); k > 0; --k) co_await weft::yield_now();
            if (d.roll(3) == 0) all[static_cast<std::size_t>(d.roll(i + 1))].cancel();
            if (d.roll(6) == 0) {
                if (const auto v = c.try_receive()) got.push_back(v->value);
            }
        }
        co_await settle();
        c.close();
        for (const auto& h : all) (void)co_await ending(h);
        while (const auto v = c.try_receive()) got.push_back(v->value);
        std::sort(got.begin(), got.end());
        std::sort(sent.begin(), sent.end());
        EXPECT_EQ(got, sent);
        EXPECT_EQ(live_object::count, 0);
    });
}

}  // namespace
