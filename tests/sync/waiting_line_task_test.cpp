// SPDX-License-Identifier: Apache-2.0
// Tasks that are to wait for a lock, queue and the like, and begin when that has gone.
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/wait_for.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/condition.hpp>
#include <weft/sync/queue.hpp>
#include <weft/sync/semaphore.hpp>

#include <optional>
#include <thread>

using namespace std::chrono_literals;

namespace {

/// Makes tasks of what `wait` gives for a new `T`, and has that go before they begin.
/// @param what  the wait, as the error that they get names it
template <class T, class Wait, class... Args>
weft::task<> expect_gone(std::string what, Wait wait, Args... args) {
    what += ": it was destroyed while a task waited for it";
    std::optional<T> object(std::in_place, args...);
    auto h = weft::create_task(wait(*object));
    auto limited = weft::create_task(weft::wait_for(wait(*object), 1s));
    auto at_once = weft::create_task(weft::wait_for(wait(*object), 0s));
    auto together = weft::create_task(weft::gather(wait(*object)));
    {
        const auto unbegun = weft::wait_for(wait(*object), 1s);
    }
    object.reset();
    EXPECT_EQ(co_await ending(h), what);
    EXPECT_EQ(co_await ending(limited), what);
    EXPECT_EQ(co_await ending(at_once), "timed out");  // cancelled before it could begin
    EXPECT_EQ(co_await ending(together), what);
}

TEST(unbegun_wait, of_an_object_that_is_destroyed_before_it_begins_is_an_error) {
    const auto main = []() -> weft::task<> {
        co_await expect_gone<weft::lock>("lock", [](weft::lock& l) { return to_task(l.acquire()); });
        co_await expect_gone<weft::semaphore>("semaphore", [](weft::semaphore& s) { return to_task(s.acquire()); });
        co_await expect_gone<weft::event>("event", [](weft::event& e) { return to_task(e.wait()); });
        co_await expect_gone<weft::condition>("lock", [](weft::condition& c) { return to_task(c.acquire()); });
        using queue = weft::queue<std::string>;
        co_await expect_gone<queue>("queue get", [](queue& q) { return to_task(q.get()); });
        co_await expect_gone<queue>("queue put", [](queue& q) { return to_task(q.put("item")); });
        co_await expect_gone<queue>("queue join", [](queue& q) { return to_task(q.join()); });
        using channel = weft::channel<std::string>;
        co_await expect_gone<channel>("channel receive", [](channel& c) { return to_task(c.receive()); });
        co_await expect_gone<channel>("channel send", [](channel& c) { return to_task(c.send("value")); });
    };
    weft::testing::run(main());
}

TEST(unbegun_wait, of_a_temporary_is_an_error_when_it_begins) {
    const auto main = []() -> weft::task<> {
        auto h = weft::create_task(weft::queue<int>().get());
        EXPECT_EQ(co_await ending(h), "queue get: it was destroyed while a task waited for it");
    };
    weft::testing::run(main());
}

TEST(unbegun_wait, cancelled_takes_nothing_and_stands_in_nobodys_way) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        weft::queue<int> q;
        auto first = weft::create_task(l.acquire());
        auto getting = weft::create_task(q.get());
        first.cancel();
        getting.cancel();
        const auto held = co_await l.acquire();
        EXPECT_EQ(co_await ending(first), "cancelled");
        q.try_put(1);
        EXPECT_EQ(q.try_get(), 1);
        EXPECT_EQ(co_await ending(getting), "cancelled");
    };
    weft::testing::run(main());
}

TEST(unbegun_wait, has_no_place_in_the_line_before_it_begins) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        auto later = weft::wait_for(l.acquire(), 1s);
        {
            const auto held = co_await l.acquire();
        }
        EXPECT_TRUE(l.try_acquire());
        const auto held = co_await std::move(later);
        EXPECT_TRUE(held);
    };
    weft::testing::run(main());
}

TEST(unbegun_wait, dropped_after_the_object_and_the_loop) {
    std::optional<weft::task<int>> getting;
    const auto main = [&]() -> weft::task<> {
        weft::queue<int> q;
        getting = to_task(q.get());
        co_return;
    };
    weft::testing::run(main());
    getting.reset();
}

TEST(unbegun_wait, made_on_another_thread_than_its_loop_runs_on_is_refused) {
    const auto main = []() -> weft::task<> {
        weft::event e;
        auto waits = weft::create_task(e.wait());
        co_await settle();
        std::thread([&] { EXPECT_THROW(static_cast<void>(to_task(e.wait())), weft::invalid_state_error); }).join();
        e.set();
        co_await waits;
    };
    weft::testing::run(main());
}

}  // namespace
