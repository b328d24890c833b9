// SPDX-License-Identifier: Apache-2.0
// The public surface of fibers as a program outside would write it: functions that wait without being coroutines.
#include <weft/fiber/create_fiber.hpp>
#include <weft/fiber/fiber.hpp>
#include <weft/fiber/fiber_generator.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

namespace {

// On the loop

int answer(weft::queue<int>& q) { return weft::await(q.get()) + 1; }
int sum(int a, int b) {
    weft::await(weft::sleep(1s));
    return a + b;
}
std::string greet(std::string whom) { return "hello, " + whom; }
void pauses() { weft::await(weft::yield_now()); }

struct counter {
    int n = 0;
    int add(int k) {
        weft::await(weft::yield_now());
        return n += k;
    }
    int operator()() const { return n; }
};

weft::task<> callables() {
    weft::queue<int> q;
    weft::task_handle<int> h = weft::create_fiber(answer, std::ref(q));
    co_await q.put(1);
    EXPECT_EQ(co_await h, 2);
    EXPECT_EQ(co_await weft::create_fiber(&sum, 1, 2), 3);
    const std::string whom = "you";
    EXPECT_EQ(co_await weft::create_fiber(greet, "world"), "hello, world");
    EXPECT_EQ(co_await weft::create_fiber(greet, whom), "hello, you");
    weft::task_handle<> nothing = weft::create_fiber(pauses);
    co_await nothing;

    counter c;
    EXPECT_EQ(co_await weft::create_fiber(&counter::add, &c, 3), 3);
    EXPECT_EQ(co_await weft::create_fiber(&counter::add, c, 3), 6);  // of a copy
    EXPECT_EQ(co_await weft::create_fiber(std::bind_front(&counter::add, &c), 1), 4);
    EXPECT_EQ(co_await weft::create_fiber(std::as_const(c)), 4);
    auto moved = co_await weft::create_fiber([](std::unique_ptr<int> p) { return p; }, std::make_unique<int>(5));
    EXPECT_EQ(*moved, 5);
    const auto many = [](int a, int b, int d, int e) { return a + b + d + e; };
    EXPECT_EQ(co_await weft::create_fiber(many, 1, 2, 3, 4), 10);

    auto named = weft::create_fiber({.name = "adds", .stack_bytes = 256 * 1024}, sum, 1, 2);
    EXPECT_EQ(named.name(), "adds");
    EXPECT_EQ(co_await named, 3);
    auto [a, b] = co_await weft::gather(weft::run_in_fiber(sum, 1, 2), weft::create_fiber(sum, 3, 4));
    EXPECT_EQ(a + b, 10);
    std::vector<weft::task_handle<int>> all;
    for (int i = 0; i < 3; ++i) all.push_back(weft::create_fiber(sum, i, i));
    EXPECT_EQ(co_await weft::gather(std::move(all)), (std::vector{0, 2, 4}));
    EXPECT_EQ(co_await weft::wait_for(weft::run_in_fiber({.name = "slow"}, sum, 1, 1), 1h), 2);
}

TEST(contract, fibers_are_tasks) { weft::testing::run(callables()); }

weft::task<int> one() {
    co_await weft::yield_now();
    co_return 1;
}
weft::task<int&> where_it_is(int& n) { co_return n; }
weft::async_generator<int> one_and_two() {
    co_yield 1;
    co_await weft::sleep(1ms);
    co_yield 2;
}

int waits_for_everything(weft::stream s) {
    int n = weft::await(one());
    auto later = one();
    n += weft::await(std::move(later));
    auto handle = weft::create_task(one());
    n += weft::await(handle);
    n += weft::await(std::move(handle));
    n += weft::await(weft::create_fiber([] { return weft::await(one()); }));
    int& same = weft::await(where_it_is(n));
    EXPECT_EQ(&same, &n);
    EXPECT_EQ(n, 5);
    auto [a, b] = weft::await(weft::gather(one(), one()));
    EXPECT_EQ(a + b, 2);
    EXPECT_EQ(weft::await(weft::wait_for(one(), 1s)), 1);
    EXPECT_THROW(weft::await(weft::wait_for(weft::sleep(1h), 1s)), weft::timeout_error);
    EXPECT_EQ(weft::await(weft::try_(one())).value(), 1);
    EXPECT_EQ(weft::await(weft::to_thread([] { return 2; })), 2);
    weft::await(weft::sleep(0.5s));

    weft::lock l;
    {
        auto held = weft::await(l.acquire());
        EXPECT_TRUE(l.locked());
    }
    weft::event e;
    e.set();
    weft::await(e.wait());
    weft::queue<int> q;
    weft::channel<int> c(1);
    weft::await(q.put(3));
    weft::await(c.send(4));
    EXPECT_EQ(std::get<0>(weft::await(weft::select(q.get(), weft::sleep(1s)))), 3);
    EXPECT_EQ(weft::await(c.receive()), 4);
    int items = 0;
    auto g = one_and_two();
    while (auto item = weft::await(g.next())) items += *item;
    EXPECT_EQ(items, 3);
    weft::await(weft::with(weft::timeout(1s), [] { return weft::sleep(1ms); }));
    weft::await(weft::with(weft::task_group{}, [](weft::task_group& group) -> weft::task<> {
        group.create_task(weft::run_in_fiber(pauses));
        co_return;
    }));
    weft::await(s.write("line\n"));
    EXPECT_EQ(weft::await(s.read_line()), "enil");
    EXPECT_EQ(weft::capture_stack().back().function, "waits_for_everything");
    return n;
}

weft::task<> waits() {
    auto [ours, theirs] = weft::testing::memory_stream_pair();
    auto h = weft::create_fiber(waits_for_everything, std::move(theirs));
    std::string said = (co_await ours.read_line()).value_or("");
    std::ranges::reverse(said);
    co_await ours.write(said + "\n");
    EXPECT_EQ(co_await h, 5);
}

TEST(contract, fibers_wait_for_whatever_coroutines_do) { weft::testing::run(waits()); }

TEST(contract, fibers_are_cancelled_and_fail_as_tasks_do) {
    weft::testing::run([]() -> weft::task<> {
        std::string log;
        auto sleeps = weft::create_fiber([&log] {
            try {
                weft::await(weft::sleep(1h));
            } catch (const weft::cancelled_error& e) {
                log += e.message();
                throw;
            }
        });
        co_await weft::yield_now();
        sleeps.cancel("enough");
        EXPECT_THROW(co_await sleeps, weft::cancelled_error);
        EXPECT_EQ(log, "enough");
        EXPECT_TRUE(sleeps.cancelled());
        auto fails = weft::create_fiber([] { throw std::runtime_error("no tea"); });
        EXPECT_THROW(co_await fails, std::runtime_error);
        weft::context_var<int> depth{1};
        const auto token = depth.set(2);
        EXPECT_EQ(co_await weft::create_fiber([&depth] { return depth.get(); }), 2);
    }());
    EXPECT_THROW(weft::await(one()), weft::invalid_state_error);  // in no fiber
}

// The switch

TEST(contract, fibers_pass_values_and_exceptions) {
    weft::fiber<int> doubler([](int n) -> int {
        for (;;) n = weft::this_fiber::parent<int>().switch_to(2 * n);
    });
    EXPECT_EQ(doubler.switch_to(4), 8);
    const weft::fiber_ref<int> ref = doubler;
    EXPECT_EQ(ref.switch_to(5), 10);
    EXPECT_THROW(ref.throw_into(std::runtime_error("enough")), std::runtime_error);
    EXPECT_TRUE(doubler.finished());

    weft::fiber<std::unique_ptr<int>> holds([](std::unique_ptr<int> p) { return p; }, {.name = "holds"});
    EXPECT_EQ(holds.name(), "holds");
    EXPECT_EQ(*holds.switch_to(std::make_unique<int>(3)), 3);

    bool unwound = false;
    {
        std::vector<weft::fiber<>> all;
        all.emplace_back([&unwound] {
            const std::shared_ptr<void> guard(nullptr, [&unwound](void*) { unwound = true; });
            weft::this_fiber::parent().switch_to();
            ADD_FAILURE() << "it went on";
        });
        all.back().switch_to();
        EXPECT_GT(all.back().stack_high_water_bytes(), 0u);
    }
    EXPECT_TRUE(unwound);
}

// Generators that yield from any depth

struct tree {
    std::unique_ptr<tree> left, right;
    int value;
};
std::unique_ptr<tree> leaf(int n) { return std::make_unique<tree>(nullptr, nullptr, n); }

void walk(const tree* t, const weft::yielder<int>& yield) {
    if (!t) return;
    walk(t->left.get(), yield);
    yield(t->value);
    walk(t->right.get(), yield);
}
weft::fiber_generator<int> in_order(const tree& t) {
    return [&t](auto& yield) { walk(&t, yield); };
}
weft::generator<int> plain() { co_yield 7; }

TEST(contract, fiber_generators) {
    const tree t{leaf(1), leaf(3), 2};
    std::vector<int> seen;
    for (const int n : in_order(t)) seen.push_back(n);
    for (const int n : in_order(t) | std::views::drop(1)) seen.push_back(10 * n);
    EXPECT_EQ(seen, (std::vector{1, 2, 3, 20, 30}));

    weft::fiber_generator<int, void, std::string> all([&t](weft::yielder<int>& yield) {
        yield.from(in_order(t));
        yield.from(plain());
        yield.from(std::vector{8, 9});
        std::visit([&](auto n) { yield(static_cast<int>(n)); }, std::variant<int, double>(10.0));
        return std::string("end");
    });
    int total = 0;
    while (auto n = all.next()) total += *n;
    EXPECT_EQ(total, 40);
    EXPECT_EQ(all.result(), "end");

    weft::fiber_generator<double, double> mean([](auto& yield) {
        double sum_of = 0, n = 0, so_far = 0;
        for (;;) {
            sum_of += yield(so_far);
            so_far = sum_of / ++n;
        }
    });
    mean.next();
    EXPECT_EQ(mean.send(1), 1.0);
    EXPECT_EQ(mean.send(2), 1.5);
    EXPECT_THROW(mean.raise(std::runtime_error("enough")), std::runtime_error);
    EXPECT_EQ(mean.state(), weft::generator_state::closed);
}

}  // namespace
