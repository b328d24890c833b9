// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/flow/select.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/net/connection.hpp>
#include <weft/net/server.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

using namespace std::chrono_literals;

namespace {

using weft::select;
using weft::sleep;
using weft::task;

std::chrono::nanoseconds now() { return weft::get_running_loop().time().time_since_epoch(); }

/// Something that is handed out item by item, and wants back what nobody took.
class well {
public:
    class drawing;
    drawing draw() noexcept;
    void give(std::unique_ptr<int> item);
    std::deque<std::unique_ptr<int>> items;
    drawing* waiting = nullptr;
};

class well::drawing : public weft::waiter {
public:
    explicit drawing(well& w) noexcept : waiter(kind_), well_(w) {}
    ~drawing() { abandon(); }
    bool await_ready() {
        if (well_.items.empty()) return false;
        take();
        return true;
    }
    void start() { well_.waiting = this; }
    std::unique_ptr<int> await_resume() {
        this->resumed();
        return std::move(item_);
    }
    void abandon() noexcept {
        if (well_.waiting == this) well_.waiting = nullptr;
        if (item_) well_.items.push_front(std::move(item_));
    }

private:
    friend class well;
    void take() {
        item_ = std::move(well_.items.front());
        well_.items.pop_front();
    }
    static const weft::wait_kind kind_;
    well& well_;
    std::unique_ptr<int> item_;
};
const weft::wait_kind well::drawing::kind_ = {.name = "well", .cancel = [](waiter& w) {
                                                  auto& self = static_cast<drawing&>(w);
                                                  self.abandon();
                                                  self.wake();
                                                  return false;
                                              }};
well::drawing well::draw() noexcept { return drawing(*this); }
void well::give(std::unique_ptr<int> item) {
    items.push_back(std::move(item));
    if (!waiting || !waiting->can_complete()) return;
    drawing& d = *std::exchange(waiting, nullptr);
    d.take();
    d.wake();
}

TEST(select, gives_the_first_of_several) {
    const auto main = []() -> task<> {
        const auto began = now();
        const auto first = co_await select(sleep(2s), sleep(1s), sleep(3s));
        EXPECT_EQ(first.index(), 1u);
        EXPECT_EQ(now() - began, 1s);
    };
    weft::testing::run(main());
}

TEST(select, takes_what_can_be_had_at_once_in_the_order_written) {
    const auto main = []() -> task<> {
        well a, b;
        a.give(std::make_unique<int>(1));
        b.give(std::make_unique<int>(2));
        auto first = co_await select(sleep(0s), b.draw(), a.draw());
        EXPECT_EQ(first.index(), 1u);
        EXPECT_EQ(*std::get<1>(first), 2);
        EXPECT_EQ(a.items.size(), 1u);
        EXPECT_TRUE(b.items.empty());
    };
    weft::testing::run(main());
}

TEST(select, gives_the_results_of_futures_and_handles_and_leaves_the_losers_alone) {
    const auto main = []() -> task<> {
        const auto after = [](std::chrono::seconds d, int i) -> task<int> {
            co_await sleep(d);
            co_return i;
        };
        const auto slow = weft::create_task(after(5s, 5));
        const weft::future<int> never;
        const auto fast = weft::create_task(after(1s, 1));
        const auto first = co_await select(slow, never, fast);
        EXPECT_EQ(first.index(), 2u);
        EXPECT_EQ(std::get<2>(first), 1);
        EXPECT_FALSE(slow.done());
        EXPECT_FALSE(never.done());
        EXPECT_EQ(co_await slow, 5);
    };
    weft::testing::run(main());
}

TEST(select, throws_what_the_winner_throws) {
    const auto main = []() -> task<> {
        const weft::future<int> f;
        weft::get_running_loop().call_later(1s, [&] { f.set_exception(std::runtime_error("failed")); });
        EXPECT_THROW(co_await select(sleep(1h), f), std::runtime_error);
    };
    weft::testing::run(main());
}

TEST(select, a_loser_gives_back_what_it_had_before_the_task_goes_on) {
    const auto main = []() -> task<> {
        well a, b;
        weft::get_running_loop().call_later(1s, [&] {
            a.give(std::make_unique<int>(1));
            b.give(std::make_unique<int>(2));  // too late: it stays where it is
        });
        auto first = co_await select(a.draw(), b.draw());
        EXPECT_EQ(first.index(), 0u);
        EXPECT_EQ(*std::get<0>(first), 1);
        EXPECT_EQ(b.items.size(), 1u);
        EXPECT_EQ(b.waiting, nullptr);
    };
    weft::testing::run(main());
}

TEST(select, of_two_reads_loses_no_byte) {
    const auto main = []() -> task<> {
        const auto echo = [](weft::stream s) -> task<> {
            co_await s.write(co_await s.read_exactly(3));
            co_await s.close();
        };
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto s = co_await weft::open_connection("127.0.0.1", server.port());
        auto first = co_await select(s.read_exactly(3), sleep(1s));
        EXPECT_EQ(first.index(), 1u) << "nothing was sent yet";
        co_await s.write("abc");
        auto second = co_await select(sleep(1h), s.read_exactly(3));
        EXPECT_EQ(std::get<1>(second), "abc");
    };
    weft::testing::run(main());
}

// Cancellation

TEST(select, cancelled_while_waiting) {
    const auto main = []() -> task<> {
        well a;
        const weft::future<> f;
        const auto h = weft::create_task([](well& w, weft::future<> g) -> task<> { co_await select(w.draw(), g); },
                                         std::ref(a), f);
        co_await sleep(1s);
        h.cancel();
        EXPECT_THROW(co_await h, weft::cancelled_error);
        EXPECT_EQ(a.waiting, nullptr);
        EXPECT_FALSE(f.done()) << "what is selected from is left alone";
    };
    weft::testing::run(main());
}

TEST(select, cancelled_after_something_came_gives_it_back) {
    const auto main = []() -> task<> {
        well a;
        const auto h = weft::create_task([](well& w) -> task<> { co_await select(w.draw(), sleep(1h)); }, std::ref(a));
        co_await sleep(1s);
        a.give(std::make_unique<int>(1));
        h.cancel();
        EXPECT_TRUE(a.items.empty());
        EXPECT_THROW(co_await h, weft::cancelled_error);
        EXPECT_EQ(a.items.size(), 1u);
    };
    weft::testing::run(main());
}

TEST(select, destroyed_while_waiting) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    well a, b;
    const auto body = [](well& x, well& y) -> task<> { co_await select(x.draw(), sleep(1h), y.draw()); };
    const auto h = weft::create_task_on(*loop, body(a, b));
    loop->call_soon([&] {
        loop->call_soon([&] {
            EXPECT_NE(a.waiting, nullptr);
            b.give(std::make_unique<int>(1));
            loop->stop();
        });
    });
    loop->run_forever();
    loop->close();
    EXPECT_EQ(a.waiting, nullptr);
    EXPECT_EQ(b.waiting, nullptr);
    EXPECT_EQ(b.items.size(), 1u);
}

TEST(select, fair_or_not_every_seed_loses_nothing) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto main = []() -> task<int> {
            well a, b;
            int sum = 0;
            const auto draws = [](well& x, well& y, int& total) -> task<> {
                for (int i = 0; i < 10; ++i) {
                    auto first = co_await select(x.draw(), y.draw());
                    total += first.index() == 0 ? *std::get<0>(first) : *std::get<1>(first);
                }
            };
            const auto gives = [](well& w, int from) -> task<> {
                for (int i = 0; i < 10; ++i) {
                    w.give(std::make_unique<int>(from + i));
                    co_await weft::yield_now();
                }
            };
            const auto drawing = weft::create_task(draws(a, b, sum));
            const auto first = weft::create_task(gives(a, 1));
            const auto second = weft::create_task(gives(b, 1));
            co_await drawing;
            co_await first;
            co_await second;
            for (const auto* w : {&a, &b}) {
                for (const auto& item : w->items) sum += *item;
            }
            co_return sum;
        };
        EXPECT_EQ(weft::testing::run(main(), {.seed = seed}), 110);
    }
}

}  // namespace
