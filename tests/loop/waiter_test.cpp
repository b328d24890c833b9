// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/gather.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/waiter.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// Every awaiter, destroyed while a task waits at it: the loop closes, the frame goes, and nothing refers to it any more.

namespace {

/// Runs `body` until it waits, then closes the loop. What the loop reported.
std::string destroyed_while_waiting(weft::task<> body, const std::shared_ptr<int>& alive, std::size_t tasks = 1) {
    const auto loop = weft::testing::make_virtual_loop();
    std::string reports;
    loop->set_exception_handler(
        [&](weft::event_loop&, const weft::error_context& c) { reports += c.message + " (" + c.task + ")\n"; });
    const auto h = weft::create_task_on(*loop, std::move(body));
    loop->call_soon([&] {
        loop->call_soon([&] { loop->stop(); });  // in the next batch, before what waits for a third one
    });
    loop->run_forever();
    EXPECT_FALSE(h.done());
    EXPECT_EQ(loop->tasks().size(), tasks);
    EXPECT_EQ(alive.use_count(), 2);
    loop->close();
    EXPECT_EQ(alive.use_count(), 1);
    EXPECT_EQ(loop->tasks().size(), 0u);
    return reports;
}

const std::string pending = "Task was destroyed but it is pending (Task-1)\n";

TEST(waiter, a_sleep_destroyed_while_waiting) {
    const auto alive = std::make_shared<int>(1);
    const auto body = [](std::shared_ptr<int>) -> weft::task<> { co_await weft::sleep(1h); };
    EXPECT_EQ(destroyed_while_waiting(body(alive), alive), pending);
}

TEST(waiter, a_yield_now_destroyed_while_waiting) {
    const auto alive = std::make_shared<int>(1);
    const auto body = [](std::shared_ptr<int>) -> weft::task<> {
        for (;;) co_await weft::yield_now();
    };
    EXPECT_EQ(destroyed_while_waiting(body(alive), alive), pending);
}

TEST(waiter, a_bare_yield_destroyed_while_waiting) {
    const auto alive = std::make_shared<int>(1);
    const auto body = [](std::shared_ptr<int>) -> weft::task<> {
        for (;;) co_await std::suspend_always();
    };
    EXPECT_EQ(destroyed_while_waiting(body(alive), alive), pending);
}

TEST(waiter, a_future_destroyed_while_waiting) {
    const auto alive = std::make_shared<int>(1);
    std::unique_ptr<weft::future<int>> outside;
    const auto body = [](std::shared_ptr<int>, std::unique_ptr<weft::future<int>>& f) -> weft::task<> {
        f = std::make_unique<weft::future<int>>();
        co_await *f;
    };
    EXPECT_EQ(destroyed_while_waiting(body(alive, outside), alive), pending);
    outside->set_result(1);  // wakes nobody
    EXPECT_EQ(outside->result(), 1);
}

TEST(waiter, a_task_handle_destroyed_while_waiting) {
    const auto alive = std::make_shared<int>(1);
    const auto body = [](std::shared_ptr<int>) -> weft::task<> {
        const auto inner = []() -> weft::task<> { co_await weft::sleep(1h); };
        co_await weft::create_task(inner());
    };
    const std::string reports = destroyed_while_waiting(body(alive), alive, 2);
    EXPECT_NE(reports.find("(Task-1)"), std::string::npos);
    EXPECT_NE(reports.find("(Task-2)"), std::string::npos);
}

TEST(waiter, a_gather_destroyed_while_waiting) {
    const auto alive = std::make_shared<int>(1);
    const auto body = [](std::shared_ptr<int>) -> weft::task<> {
        const auto inner = []() -> weft::task<> { co_await weft::sleep(1h); };
        co_await weft::gather(inner(), inner());
    };
    const std::string reports = destroyed_while_waiting(body(alive), alive, 3);
    EXPECT_EQ(std::count(reports.begin(), reports.end(), '\n'), 3);
}

TEST(waiter, a_whole_chain_destroyed_while_waiting_goes_innermost_first) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    std::string log;
    struct chain {
        struct witness {
            std::string& l;
            const std::string& outer;
            std::string name;
            ~witness() { l += name + "<" + outer + " "; }
        };
        static weft::task<> down(std::string& l, int n, const std::string& outer) {
            const witness w{l, outer, std::to_string(n)};
            if (n == 0) co_return co_await weft::sleep(1h);
            co_await down(l, n - 1, w.name);
        }
    };
    const std::string top = "top";
    const auto h = weft::create_task_on(*loop, chain::down(log, 3, top));
    loop->run_once();
    loop->close();
    EXPECT_EQ(log, "0<1 1<2 2<3 3<top ");
}

TEST(waiter, destructors_may_use_their_loop_while_it_closes) {
    const auto loop = weft::testing::make_virtual_loop();
    std::string reports;
    loop->set_exception_handler(
        [&](weft::event_loop&, const weft::error_context& c) { reports += c.message + " (" + c.task + ")\n"; });
    struct busy {
        weft::future<> other;
        ~busy() {
            other.set_result();  // somebody waits for it
            weft::get_running_loop().call_soon([] { FAIL() << "the loop is closing"; });
            weft::get_running_loop().call_later(1s, [] { FAIL() << "the loop is closing"; });
            weft::spawn([]() -> weft::task<> { co_await weft::sleep(1s); });
        }
    };
    const weft::future<> f(*loop);
    const auto holds = [](weft::future<> other) -> weft::task<> {
        const busy b{std::move(other)};
        co_await weft::sleep(1h);
    };
    const auto waits = [](weft::future<> other) -> weft::task<> { co_await other; };
    std::vector<weft::task_handle<>> handles;
    handles.push_back(weft::create_task_on(*loop, waits(f)));
    handles.push_back(weft::create_task_on(*loop, holds(f)));
    handles.push_back(weft::create_task_on(*loop, waits(f)));
    loop->run_once();
    loop->close();
    for (const auto& h : handles) EXPECT_FALSE(h.done());
    EXPECT_EQ(std::count(reports.begin(), reports.end(), '\n'), 4) << reports;
}

/// An awaitable as a user would write it: the next value of a source.
class source {
public:
    class next_awaiter : public weft::waiter {
    public:
        explicit next_awaiter(source& s) : waiter(kind_of_wait), source_(s) {}
        ~next_awaiter() {
            if (source_.waiting_ == this) source_.waiting_ = nullptr;
        }
        bool await_ready() const noexcept { return false; }
        void start() { source_.waiting_ = this; }
        int await_resume() {
            this->resumed();
            return source_.value_;
        }

    private:
        friend class source;
        static const weft::wait_kind kind_of_wait;
        source& source_;
    };
    next_awaiter next() { return next_awaiter(*this); }
    void put(int value) {
        value_ = value;
        if (waiting_) std::exchange(waiting_, nullptr)->wake();
    }
    bool is_awaited() const { return waiting_ != nullptr; }

private:
    next_awaiter* waiting_ = nullptr;
    int value_ = 0;
};
const weft::wait_kind source::next_awaiter::kind_of_wait = {
    .name = "next of a source",
    .cancel =
        [](weft::waiter& w) {
            auto& self = static_cast<next_awaiter&>(w);
            self.source_.waiting_ = nullptr;
            self.wake();
            return false;
        },
};

TEST(waiter, an_awaitable_of_a_users_is_woken_cancelled_and_named) {
    const auto main = []() -> weft::task<> {
        source s;
        const auto adds = [](source& from) -> weft::task<int> {
            const int first = co_await from.next();  // by itself: GCC 14 ends all awaits of an expression together
            co_return first + co_await from.next();
        };
        const auto h = weft::create_task(adds(s));
        co_await weft::yield_now();
        EXPECT_STREQ(h.core().waiting_at()->kind().name, "next of a source");
        s.put(3);
        s.put(4);  // nobody waits: the last value counts
        EXPECT_EQ(h.core().waiting_at(), nullptr);
        co_await weft::yield_now();
        s.put(5);
        EXPECT_EQ(co_await h, 9);
        const auto cancelled = weft::create_task(adds(s));
        co_await weft::yield_now();
        cancelled.cancel();
        EXPECT_FALSE(s.is_awaited());
        s.put(1);
        co_await weft::yield_now();
        EXPECT_TRUE(cancelled.cancelled());
    };
    weft::testing::run(main());
}

}  // namespace
