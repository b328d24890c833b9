// SPDX-License-Identifier: Apache-2.0
// Channels in select: what loses has not happened.
#include "coro/live_object.hpp"
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/select.hpp>
#include <weft/sync/channel.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

namespace {

TEST(channel_select, takes_what_can_be_had_in_the_order_written) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> a{1}, b{1};
        co_await b.send(2);
        auto got = co_await weft::select(a.receive(), b.receive());
        EXPECT_EQ(got.index(), 1u);
        EXPECT_EQ(std::get<1>(got), 2);
        co_await a.send(1);
        co_await b.send(2);
        auto first = co_await weft::select(a.receive(), b.receive());
        EXPECT_EQ(std::get<0>(first), 1);
        EXPECT_EQ(b.size(), 1u);
        auto sent = co_await weft::select(b.send(3), a.send(4));
        EXPECT_EQ(sent.index(), 1u);
        EXPECT_EQ(a.try_receive(), 4);
    };
    weft::testing::run(main());
}

TEST(channel_select, a_receive_that_loses_takes_nothing) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> a, b;
        const auto chooser =
            weft::create_task([](weft::channel<int>& x, weft::channel<int>& y) -> weft::task<std::size_t> {
                auto got = co_await weft::select(x.receive(), y.receive());
                co_return got.index();
            }(a, b));
        co_await settle();
        EXPECT_TRUE(b.try_send(1));
        EXPECT_FALSE(a.try_send(2)) << "whoever waits there gets something else";
        const auto waits = weft::create_task(a.send(3));
        EXPECT_EQ(co_await chooser, 1u);
        co_await settle();
        EXPECT_FALSE(waits.done());
        EXPECT_EQ(co_await a.receive(), 3);
    };
    weft::testing::run(main());
}

TEST(channel_select, a_send_that_loses_has_not_happened) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> a, b;
        const auto chooser =
            weft::create_task([](weft::channel<int>& x, weft::channel<int>& y) -> weft::task<std::size_t> {
                auto sent = co_await weft::select(x.send(1), y.send(2));
                co_return sent.index();
            }(a, b));
        co_await settle();
        EXPECT_EQ(b.try_receive(), 2);
        EXPECT_EQ(a.try_receive(), std::nullopt);
        EXPECT_EQ(co_await chooser, 1u);
        EXPECT_EQ(a.try_receive(), std::nullopt);
    };
    weft::testing::run(main());
}

TEST(channel_select, never_meets_itself_but_another_like_it) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> c;
        const auto both = [](weft::channel<int>& x, int value) -> weft::task<int> {
            auto done = co_await weft::select(x.send(value), x.receive());
            co_return done.index() == 0 ? 0 : *std::get<1>(done);
        };
        const auto first = weft::create_task(both(c, 1));
        co_await settle();
        EXPECT_FALSE(first.done());
        const auto second = weft::create_task(both(c, 2));
        EXPECT_EQ(co_await first + co_await second, 2);
        EXPECT_TRUE(c.empty());
    };
    weft::testing::run(main());
}

TEST(channel_select, a_receive_is_undone_by_a_cancellation_and_a_send_is_not) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> a, b;
        const auto receives = weft::create_task([](weft::channel<int>& x) -> weft::task<> {
            (void)co_await weft::select(x.receive(), weft::sleep(1h));
        }(a));
        std::size_t sent = 0;
        const auto sends = weft::create_task([](weft::channel<int>& x, std::size_t& count) -> weft::task<> {
            (void)co_await weft::select(weft::sleep(1h), x.send(2));
            ++count;
            co_await weft::sleep(1h);
        }(b, sent));
        co_await settle();
        EXPECT_TRUE(a.try_send(1));
        EXPECT_EQ(b.try_receive(), 2);
        receives.cancel();
        sends.cancel();
        EXPECT_EQ(co_await ending(receives), "cancelled");
        EXPECT_EQ(co_await ending(sends), "cancelled");
        EXPECT_EQ(a.try_receive(), 1);
        EXPECT_EQ(sent, 1u);
    };
    weft::testing::run(main());
}

TEST(channel_select, a_close_is_a_result_and_an_error) {
    const auto main = []() -> weft::task<> {
        weft::channel<int> c;
        const auto receives = weft::create_task([](weft::channel<int>& x) -> weft::task<bool> {
            auto got = co_await weft::select(weft::sleep(1h), x.receive());
            co_return got.index() == 1 && !std::get<1>(got);
        }(c));
        weft::channel<int> d;
        const auto sends = weft::create_task(
            [](weft::channel<int>& x) -> weft::task<> { (void)co_await weft::select(weft::sleep(1h), x.send(1)); }(d));
        co_await settle();
        c.close();
        d.close();
        EXPECT_TRUE(co_await receives);
        EXPECT_EQ(co_await ending(sends), "channel: send on a closed channel");
    };
    weft::testing::run(main());
}

TEST(channel_select, no_value_is_lost_or_doubled_whoever_is_cancelled_and_in_whatever_order) {
    live_object::reset();
    for_many_seeds([](std::uint64_t seed) -> weft::task<> {
        dice d(seed);
        using channel = weft::channel<live_object>;
        channel a(static_cast<std::size_t>(d.roll(2))), b(static_cast<std::size_t>(d.roll(3)));
        std::vector<int> got, sent;
        const auto note = [](std::vector<int>& to, const std::optional<live_object>& v) {
            if (v) to.push_back(v->value);
        };
        const auto receiver = [&note](channel& x, channel& y, std::vector<int>& to) -> weft::task<> {
            auto v = co_await weft::select(x.receive(), y.receive());
            v.index() == 0 ? note(to, std::get<0>(v)) : note(to, std::get<1>(v));
        };
        const auto sender = [](channel& x, channel& y, std::vector<int>& done, int i) -> weft::task<> {
            auto v = co_await weft::select(x.send(live_object(i)), y.send(live_object(100 + i)));
            done.push_back(v.index() == 0 ? i : 100 + i);
        };
        const auto either = [&note](channel& x, channel& y, std::vector<int>& to, std::vector<int>& done,
                                    int i) -> weft::task<> {
            auto v = co_await weft::select(x.receive(), y.send(live_object(200 + i)));
            if (v.index() == 0) {
                note(to, std::get<0>(v));
            } else {
                done.push_back(200 + i);
            }
        };
        std::vector<weft::task_handle<>> all;
        for (int i = 0; i < 24; ++i) {
            channel &x = d.roll(2) ? a : b, &y = &x == &a ? b : a;
            switch (d.roll(3)) {
                case 0: all.push_back(weft::create_task(receiver(x, y, got))); break;
                case 1: all.push_back(weft::create_task(sender(x, y, sent, i))); break;
                default: all.push_back(weft::create_task(either(x, y, got, sent, i)));
            }
            for (int k = d.roll(3); k > 0; --k) co_await weft::yield_now();
            if (d.roll(3) == 0) all[static_cast<std::size_t>(d.roll(i + 1))].cancel();
        }
        co_await settle();
        a.close();
        b.close();
        for (const auto& h : all) (void)co_await ending(h);
        while (const auto v = a.try_receive()) got.push_back(v->value);
        while (const auto v = b.try_receive()) got.push_back(v->value);
        std::sort(got.begin(), got.end());
        std::sort(sent.begin(), sent.end());
        EXPECT_EQ(got, sent);
        EXPECT_EQ(live_object::count, 0);
    });
}

}  // namespace
