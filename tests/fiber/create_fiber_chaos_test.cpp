// SPDX-License-Identifier: Apache-2.0
// Trees of fibers and coroutines that await each other, wait in every way, throw, time out, are cancelled, dropped, or destroyed with
// their loop. Who comes in goes out once; who gets a result gets his own. Nothing depends on the machine: a seed is a round.
#include <weft/fiber/create_fiber.hpp>
#include <weft/inspect/capture_stack.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using weft::await;
using weft::create_fiber;

/// Thrown on purpose, by the one of that number.
struct mishap : std::runtime_error {
    explicit mishap(int n) : std::runtime_error("mishap of " + std::to_string(n)), number(n) {}
    int number;
};

struct world {
    explicit world(unsigned seed) : random(seed) {}
    unsigned below(unsigned n) { return static_cast<unsigned>(random() % n); }
    bool one_in(unsigned n) { return below(n) == 0; }
    void cancel_one() {
        if (!all.empty()) all[below(static_cast<unsigned>(all.size()))].cancel();
    }

    std::mt19937 random;
    weft::lock lock;
    weft::semaphore permits{2};
    weft::queue<int> queue{2};
    weft::event bell;
    int numbers = 0, holders = 0;
    std::vector<int> left;  // how often each number has gone out
    std::vector<weft::task_handle<int>> all;
    int results = 0, mishaps = 0, cancelled = 0, timed_out = 0;
};

/// Is on the stack of each body, fiber or coroutine.
class guest {
public:
    explicit guest(world& w) : w_(w), number(w.numbers++) { w.left.push_back(0); }
    guest(const guest&) = delete;
    ~guest() { ++w_.left[static_cast<std::size_t>(number)]; }

private:
    world& w_;

public:
    const int number;
};

struct alone {
    world& w;
    explicit alone(world& of) : w(of) { EXPECT_EQ(++w.holders, 1); }
    alone(const alone&) = delete;
    ~alone() { --w.holders; }
};

std::chrono::milliseconds a_while(world& w) { return std::chrono::milliseconds(w.below(12)); }
constexpr int result_of(int depth) { return 1000 + depth; }

int fiber_body(world& w, int depth);
weft::task<int> coroutine(world& w, int depth);

/// Waits on a fiber, from some depth of calls.
void wait_below(world& w, int depth, unsigned calls) {
    [[maybe_unused]] volatile char room[300];
    room[w.below(300)] = 1;
    if (calls > 0) return wait_below(w, depth, calls - 1);
    switch (w.below(9)) {
        case 0: return await(weft::sleep(a_while(w)));
        case 1: return await(weft::yield_now());
        case 2: {
            const auto held = await(w.lock.acquire());
            const alone here(w);
            return await(weft::sleep(1ms));
        }
        case 3: {
            const auto permit = await(w.permits.acquire());
            return await(weft::sleep(a_while(w)));
        }
        case 4: return await(w.queue.put(depth));
        case 5: return (void)await(w.queue.get());
        case 6: return w.one_in(3) ? w.bell.set() : (void)await(weft::wait_for(w.bell.wait(), 3ms));
        case 7:
            if (depth == 0) return;
            EXPECT_EQ(await(coroutine(w, depth - 1)), result_of(depth - 1));
            return;
        default:
            if (depth == 0) return;
            EXPECT_EQ(await(create_fiber(fiber_body, std::ref(w), depth - 1)), result_of(depth - 1));
    }
}

/// Somebody looks at the stacks of all, from wherever that is.
void look(world& w) {
    for (std::size_t i = 0; i < w.all.size(); i += 7) {
        if (w.all[i].done()) continue;
        for (const weft::stack_frame& f : weft::capture_stack(w.all[i])) EXPECT_FALSE(f.function.empty());
    }
}

int fiber_body(world& w, int depth) {
    const guest me(w);
    const std::string mine = "a text that is too long to be kept in a string itself " + std::to_string(me.number);
    for (unsigned i = 1 + w.below(4); i > 0; --i) {
        if (w.one_in(12)) throw mishap(me.number);
        if (w.one_in(4)) {  // within a handler, while others throw
            try {
                throw mishap(me.number);
            } catch (const mishap& before) {
                wait_below(w, depth, w.below(5));
                EXPECT_EQ(before.number, me.number);
            }
            continue;
        }
        try {
            wait_below(w, depth, w.below(5));
        } catch (const weft::timeout_error&) {
            ++w.timed_out;
        } catch (const mishap&) {  // a child's, or its child's
            if (w.one_in(2)) throw;
        }
        if (w.one_in(16)) w.cancel_one();
        if (w.one_in(40)) look(w);
    }
    EXPECT_TRUE(mine.ends_with(" " + std::to_string(me.number)));
    return result_of(depth);
}

weft::task<int> coroutine(world& w, int depth) {
    const guest me(w);
    co_await weft::sleep(a_while(w));
    if (w.one_in(10)) throw mishap(me.number);
    if (depth > 0) {
        const auto h = create_fiber(fiber_body, std::ref(w), depth - 1);
        const bool bounded = w.one_in(3);
        const int result = bounded ? co_await weft::wait_for(h, 30ms) : co_await h;
        EXPECT_EQ(result, result_of(depth - 1));
    }
    co_return result_of(depth);
}

weft::task<> count(world& w, weft::task_handle<int> h, int depth) {
    try {
        const int result = co_await h;
        EXPECT_EQ(result, result_of(depth));
        ++w.results;
    } catch (const weft::cancelled_error&) {
        ++w.cancelled;
    } catch (const mishap&) {
        ++w.mishaps;
    } catch (const weft::timeout_error&) {
        ++w.timed_out;
    }
}

enum class ending { awaited, dropped, left_to_run, closed };

weft::task<> live(world& w, ending end) {
    std::vector<int> depths;
    for (int i = 0; i < 60; ++i) {
        depths.push_back(static_cast<int>(1 + w.below(3)));
        if (w.one_in(4)) {
            w.all.push_back(weft::create_task(coroutine(w, depths.back())));
        } else {
            w.all.push_back(create_fiber(fiber_body, std::ref(w), depths.back()));
        }
        if (w.one_in(3)) co_await weft::sleep(1ms);
        if (w.one_in(4)) w.cancel_one();
        if (w.one_in(20)) look(w);
    }
    look(w);
    if (end == ending::closed) co_await weft::sleep(1h);
    co_await weft::sleep(a_while(w));
    if (end == ending::left_to_run) co_return;
    if (end == ending::dropped) {
        for (auto& h : w.all) {
            if (w.one_in(2)) h.cancel();
        }
        w.all.clear();
        co_await weft::sleep(1s);
        co_return;
    }
    for (std::size_t i = 0; i < w.all.size(); ++i) {
        if (w.one_in(2)) w.all[i].cancel();
    }
    co_await weft::sleep(100ms);
    for (auto& h : w.all) h.cancel();  // those that wait for what nobody brings
    for (std::size_t i = 0; i < w.all.size(); ++i) co_await count(w, w.all[i], depths[i]);
}

void listen(weft::event_loop& loop) {
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context& report) {
        try {
            if (report.exception) std::rethrow_exception(report.exception);
        } catch (const mishap&) {
        } catch (const weft::timeout_error&) {
        } catch (const std::exception& e) {
            ADD_FAILURE() << "reported: " << e.what();
        }
    });
}

void live_through(world& w, ending end, unsigned seed) {
    if (end != ending::closed) {
        weft::testing::run(
            [](world& in, ending how) -> weft::task<> {
                listen(weft::get_running_loop());
                co_await live(in, how);
            }(w, end),
            {.seed = seed});
        return;
    }
    const auto loop = weft::testing::make_virtual_loop({.seed = seed});
    listen(*loop);
    const auto main = weft::create_task_on(*loop, live(w, end));
    for (unsigned turns = 10 + w.below(100); turns > 0; --turns) loop->run_once();
    loop->close();
    w.all.clear();
}

TEST(create_fiber_chaos, every_stack_is_unwound_once_however_it_ends) {
    int results = 0, mishaps = 0, cancelled = 0, timed_out = 0, guests = 0;
    for (unsigned seed = 0; seed < 32; ++seed) {
        const auto end = static_cast<ending>(seed % 4);
        SCOPED_TRACE("seed " + std::to_string(seed));
        world w(seed);
        live_through(w, end, seed);
        EXPECT_EQ(std::ranges::count(w.left, 1), std::ssize(w.left));
        EXPECT_EQ(w.holders, 0);
        results += w.results;
        mishaps += w.mishaps;
        cancelled += w.cancelled;
        timed_out += w.timed_out;
        guests += w.numbers;
    }
    EXPECT_GT(guests, 2000);
    EXPECT_GT(results, 50);
    EXPECT_GT(mishaps, 50);
    EXPECT_GT(cancelled, 50);
    EXPECT_GT(timed_out, 20);
}

}  // namespace
