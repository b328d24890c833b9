// SPDX-License-Identifier: Apache-2.0
// The public surface of tasks as a program outside would write it: nothing but the umbrella header, every name once. It
// runs on real loops; nothing depends on how long a millisecond takes.
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

weft::task<int> compute(int x, int y) {
    co_await weft::sleep(1ms);
    co_return x + y;
}

weft::task<> fails() {
    co_await weft::yield_now();
    throw std::runtime_error("failed");
}

weft::task<> main_task() {
    weft::task_handle<int> h = weft::create_task(compute(1, 2));
    int r = co_await h;
    auto [a, b] = co_await weft::gather(compute(1, 2), compute(3, 4));
    EXPECT_EQ(r + a + b, 13);
}

TEST(contract, the_first_program) { weft::run(main_task()); }

TEST(contract, a_coroutine_by_hand) {
    auto t = []() -> weft::task<int> {
        co_await std::suspend_always();
        co_return 3;
    }();
    EXPECT_EQ(t.state(), weft::coroutine_state::created);
    EXPECT_EQ(t.step(), std::nullopt);
    EXPECT_GT(t.where().line(), 0u);
    EXPECT_EQ(t.step(), 3);
    EXPECT_THROW((void)t.step(), weft::invalid_state_error);
}

TEST(contract, run_and_runner) {
    EXPECT_EQ(weft::run(compute(1, 2), {.debug = true}), 3);
    weft::runner r;
    EXPECT_EQ(r.run(compute(1, 2)), 3);
    r.run(main_task());
}

weft::task<> tasks_and_futures() {
    auto named = weft::create_task(compute(1, 2), {.name = "adder"});
    auto eager = weft::create_task(compute(1, 2), {.eager_start = true});
    const std::string base = "a";
    auto called = weft::create_task([base](int x) { return compute(static_cast<int>(base.size()), x); }, 2);
    weft::spawn([](int x) -> weft::task<> { (void)co_await compute(x, x); }, 1);
    EXPECT_EQ(named.name(), "adder");
    named.set_name("renamed");
    EXPECT_EQ(named.cancelling(), 0u);
    EXPECT_FALSE(named.stack().empty() && named.done());
    EXPECT_EQ(weft::all_tasks().size(), 5u);
    EXPECT_EQ(weft::current_task().name(), "Task-1");
    (void)named.context();
    EXPECT_EQ(co_await named + co_await eager + co_await called, 9);

    weft::future<int> f;
    int seen = 0;
    f.add_done_callback([&](weft::future<int> done) { seen = done.result(); });
    f.set_result(4);
    EXPECT_EQ(co_await f, 4);
    EXPECT_EQ(co_await f, 4);
    EXPECT_TRUE(f.done() && !f.cancelled() && !f.exception());
    co_await weft::yield_now();
    EXPECT_EQ(seen, 4);

    weft::future<std::unique_ptr<int>> sole;
    sole.set_result(std::make_unique<int>(5));
    const std::unique_ptr<int> moved = co_await std::move(sole);
    EXPECT_EQ(*moved, 5);

    weft::future<int> failed;
    failed.set_exception(std::make_exception_ptr(std::runtime_error("no")));
    EXPECT_TRUE(failed.exception());

    auto sleeper = weft::create_task(weft::sleep(1h));
    sleeper.cancel("enough");
    EXPECT_EQ(sleeper.uncancel(), 0u);
    sleeper.cancel("enough");
    try {
        co_await sleeper;
    } catch (const weft::cancelled_error& e) {
        EXPECT_EQ(e.message(), "enough");
    }
}

TEST(contract, tasks_and_futures) { weft::run(tasks_and_futures()); }

weft::task<> combining() {
    const std::vector<int> all = co_await weft::gather([] {
        std::vector<weft::task<int>> range;
        for (int i = 0; i < 3; ++i) range.push_back(compute(i, i));
        return range;
    }());
    EXPECT_EQ(all, (std::vector{0, 2, 4}));

    auto [one, none] = co_await weft::gather_settled(compute(1, 2), fails());
    EXPECT_EQ(one.value(), 3);
    EXPECT_TRUE(none.exception());

    std::vector<weft::task_handle<int>> handles{weft::create_task(compute(1, 1)), weft::create_task(compute(2, 2))};
    auto [done, pending] = co_await weft::wait(handles, {.timeout = 1s, .return_when = weft::first_completed});
    EXPECT_EQ(done.size() + pending.size(), 2u);
    EXPECT_EQ(std::ranges::count(done, handles[0]) + std::ranges::count(pending, handles[0]), 1);
    EXPECT_TRUE(handles[0] != handles[1]);
    auto both = co_await weft::wait(handles, {.return_when = weft::all_completed});
    EXPECT_EQ(both.done.size(), 2u);
    (void)co_await weft::wait(handles, {.return_when = weft::first_exception});

    EXPECT_EQ(co_await weft::wait_for(compute(1, 2), 1h), 3);
    try {
        co_await weft::wait_for(weft::sleep(1h), 1ms);
        ADD_FAILURE();
    } catch (const weft::timeout_error&) {
    }
    co_await weft::with(weft::timeout(1h), [](weft::timeout& t) -> weft::task<> {
        t.reschedule(weft::get_running_loop().time() + 2h);
        EXPECT_FALSE(t.expired());
        co_return;
    });
    const int from_with = co_await weft::with(weft::timeout_at(weft::get_running_loop().time() + 1h),
                                              []() -> weft::task<int> { co_return 7; });
    EXPECT_EQ(from_with, 7);

    EXPECT_EQ(co_await weft::shield(compute(1, 2)), 3);
    int sum = 0;
    auto completed =
        weft::as_completed(std::vector{weft::create_task(compute(1, 1)), weft::create_task(compute(2, 2))});
    while (auto item = co_await completed.next()) sum += co_await *item;
    EXPECT_EQ(sum, 6);

    try {
        co_await weft::with(weft::task_group{}, [&](weft::task_group& g) -> weft::task<> {
            g.create_task(fails());
            g.create_task(weft::sleep(1h));
            co_return;
        });
        ADD_FAILURE();
    } catch (const weft::exception_group& e) {
        EXPECT_EQ(e.exceptions().size(), 1u);
        auto [matched, rest] = e.split<std::runtime_error>();
        EXPECT_TRUE(matched && !rest);
        EXPECT_TRUE(e.subgroup<std::runtime_error>());
        EXPECT_TRUE(e.matches<std::runtime_error>());
    }
}

TEST(contract, combining) { weft::run(combining()); }

struct resource {
    std::string& log;
    weft::task<int> enter() {
        log += "enter ";
        co_return 1;
    }
    weft::task<bool> exit(std::exception_ptr e) {
        log += e ? "exit with error" : "exit";
        co_return true;
    }
};

TEST(contract, with_and_contexts) {
    static weft::context_var<int> v{5};
    const auto main = []() -> weft::task<> {
        std::string log;
        co_await weft::with(resource{log}, [](int x) -> weft::task<> {
            EXPECT_EQ(x, 1);
            throw std::runtime_error("swallowed");
            co_return;
        });
        EXPECT_EQ(log, "enter exit with error");

        EXPECT_EQ(v.get(), 5);
        auto token = v.set(6);
        EXPECT_EQ(co_await weft::create_task([]() -> weft::task<int> { co_return v.get(); }), 6);
        v.reset(token);
        EXPECT_EQ(v.get(), 5);
        auto context = weft::copy_context();
        weft::run_in(context, [] { (void)v.set(9); });
        EXPECT_EQ(v.get(), 5);
    };
    weft::run(main());
}

TEST(contract, threads) {
    const auto main = []() -> weft::task<> {
        EXPECT_EQ(co_await weft::to_thread([](int x) { return x + 1; }, 2), 3);
        weft::thread_pool pool(2);
        EXPECT_EQ(co_await pool.run([](int x) { return x + 1; }, 2), 3);
        weft::event_loop& loop = weft::get_running_loop();
        EXPECT_EQ(co_await weft::run_in_executor(pool, [] { return 4; }), 4);
        EXPECT_EQ(co_await weft::to_thread([&loop] {
                      std::future<int> f = weft::run_coroutine_threadsafe(compute(1, 2), loop);
                      return f.get();
                  }),
                  3);
    };
    weft::run(main());
}

std::atomic<int> shards_ran = 0;
weft::task<> counts() {
    ++shards_ran;
    co_return;
}

TEST(contract, shards) {
    weft::run_sharded(2, counts);
    weft::run_sharded(2, [] { return counts(); });
    weft::run_sharded(2, [](auto&&...) { return counts(); });
    EXPECT_EQ(shards_ran, 6);
    const auto twice = [](std::size_t i) -> weft::task<std::size_t> { co_return 2 * i; };
    EXPECT_EQ(weft::run_sharded(3, twice), (std::vector<std::size_t>{0, 2, 4}));
    const auto asks = [](weft::shard s) -> weft::task<int> {
        weft::event_loop& next = s.peer((s.index() + 1) % s.size()).loop();
        co_return co_await weft::call(next, [] { return 1; }) + co_await weft::call(next, compute, 1, 2);
    };
    EXPECT_EQ(weft::run_sharded(2, asks), (std::vector{4, 4}));
}

TEST(contract, the_loop) {
    weft::event_loop loop;
    EXPECT_EQ(loop.run_until_complete(compute(1, 2)), 3);
    std::string log;
    auto soon = loop.call_soon([&] { log += "soon "; });
    auto never = loop.call_soon([&] { log += "never "; });
    never.cancel();
    auto later = loop.call_later(1ms, [&] { log += "later "; });
    auto at = loop.call_at(loop.time() + 2ms, [&] { loop.stop(); });
    auto cancelled = loop.call_later(1h, [] {});
    cancelled.cancel();
    (void)loop.call_soon_threadsafe([&] { log += "threadsafe "; });
    loop.set_debug(false);
    loop.slow_callback_duration = 1s;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    loop.run_forever();
    EXPECT_EQ(log, "soon threadsafe later ");
    EXPECT_GE(loop.poll_fd(), 0);
    loop.call_soon([&] { log = "once"; });
    loop.run_once(loop.time() + 1s);
    EXPECT_EQ(log, "once");
    loop.close();
}

weft::task<> beyond_asyncio() {
    EXPECT_FALSE(co_await weft::move_on_after(1ms, []() -> weft::task<> { co_await weft::sleep(1h); }));
    weft::cancel_scope scope;
    scope.shielded(true);
    co_await weft::with(scope, []() -> weft::task<> { co_await weft::yield_now(); });

    weft::queue<int> q;
    weft::event e;
    weft::lock l;
    weft::semaphore s(1);
    weft::channel<int> c;
    q.try_put(3);
    auto first = co_await weft::select(q.get(), e.wait(), c.receive(), weft::sleep(1h));
    EXPECT_EQ(first.index(), 0u);
    EXPECT_EQ(std::get<0>(first), 3);
    auto guard = co_await weft::select(l.acquire(), s.acquire());
    EXPECT_EQ(guard.index(), 0u);

    const auto winner = co_await weft::race(compute(1, 2), weft::sleep(1h));
    EXPECT_EQ(std::get<0>(winner), 3);
    const weft::outcome<void> tried = co_await weft::try_(fails());
    EXPECT_TRUE(tried.exception());
}

TEST(contract, beyond_asyncio) { weft::run(beyond_asyncio()); }

weft::task<> synchronising() {
    weft::lock l;
    {
        auto held = co_await l.acquire();
        EXPECT_TRUE(l.locked());
        held.release();
    }
    weft::event e;
    e.set();
    co_await e.wait();
    weft::condition c;
    auto waiter = weft::create_task([](weft::condition& k) -> weft::task<> {
        auto held = co_await k.acquire();
        co_await k.wait();
    }(c));
    co_await weft::sleep(1ms);
    {
        auto held = co_await c.acquire();
        c.notify();
        c.notify_all();
    }
    co_await waiter;
    weft::semaphore s(2);
    weft::bounded_semaphore b(1);
    {
        auto permit = co_await s.acquire();
        auto other = co_await b.acquire();
    }
    EXPECT_THROW(b.release(), std::exception);
    weft::barrier both(2);
    auto other = weft::create_task([](weft::barrier& w) -> weft::task<> { co_await w.wait(); }(both));
    co_await both.wait();
    co_await other;

    weft::queue<int> q{2};
    co_await q.put(1);
    q.try_put(2);
    EXPECT_THROW(q.try_put(3), weft::queue_full);
    EXPECT_TRUE(q.full() && !q.empty() && q.size() == 2);
    EXPECT_EQ(co_await q.get(), 1);
    EXPECT_EQ(q.try_get(), 2);
    q.task_done();
    q.task_done();
    co_await q.join();
    EXPECT_THROW((void)q.try_get(), weft::queue_empty);
    q.shutdown();
    EXPECT_THROW((void)co_await q.get(), weft::queue_shut_down);

    weft::priority_queue<int> p;
    weft::lifo_queue<int> stack;
    for (const int i : {2, 1, 3}) {
        co_await p.put(i);
        co_await stack.put(i);
    }
    EXPECT_EQ(co_await p.get(), 1);
    EXPECT_EQ(co_await stack.get(), 3);

    weft::channel<int> ch;
    weft::spawn([](weft::channel<int>& to) -> weft::task<> {
        co_await to.send(1);
        to.close();
    }(ch));
    EXPECT_EQ(co_await ch.receive(), 1);
    EXPECT_EQ(co_await ch.receive(), std::nullopt);
}

TEST(contract, synchronising) { weft::run(synchronising()); }

}  // namespace
