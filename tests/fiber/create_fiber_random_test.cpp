// SPDX-License-Identifier: Apache-2.0
// Fibers and coroutines that await each other, sleep, lock, throw and are cancelled at random.
#include <weft/fiber/create_fiber.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using weft::await;
using weft::create_fiber;

struct world {
    explicit world(unsigned seed) : random(seed) {}
    unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); }

    std::mt19937 random;
    weft::lock lock;
    weft::queue<int> queue{3};
    int inside = 0, alive = 0, ended = 0, failed = 0, cancelled = 0;
};

struct counted {
    world& w;
    explicit counted(world& of) : w(of) { ++w.alive; }
    counted(const counted&) = delete;
    ~counted() { --w.alive; }
};

struct inside {
    world& w;
    explicit inside(world& of) : w(of) { EXPECT_EQ(++w.inside, 1); }
    inside(const inside&) = delete;
    ~inside() { --w.inside; }
};

weft::task<int> coroutine(world& w, unsigned depth);

int fiber_body(world& w, unsigned depth) {
    const counted here(w);
    const std::string mine = "a text that is too long to be kept in a string itself " + std::to_string(depth);
    for (unsigned i = w.below(6); i > 0; --i) {
        switch (w.below(8)) {
            case 0: await(weft::sleep(std::chrono::milliseconds(w.below(20)))); break;
            case 1: await(weft::yield_now()); break;
            case 2: {
                const auto held = await(w.lock.acquire());
                const inside alone(w);
                await(weft::sleep(1ms));
                break;
            }
            case 3: w.queue.empty() ? await(w.queue.put(1)) : static_cast<void>(await(w.queue.get())); break;
            case 4:
                if (depth > 0) await(coroutine(w, depth - 1));
                break;
            case 5:
                if (depth > 0) await(create_fiber(fiber_body, std::ref(w), depth - 1));
                break;
            case 6:
                try {
                    if (w.below(2)) throw std::runtime_error(mine);
                } catch (const std::runtime_error& e) {
                    const std::string before = e.what();
                    await(weft::sleep(2ms));  // inside the handler
                    EXPECT_EQ(e.what(), before);
                }
                break;
            default:
                if (w.below(8) == 0) throw std::runtime_error("on purpose");
        }
    }
    EXPECT_EQ(mine.back(), static_cast<char>('0' + depth));
    return 1;
}

weft::task<int> coroutine(world& w, unsigned depth) {
    const counted here(w);
    co_await weft::sleep(std::chrono::milliseconds(w.below(5)));
    int n = 1;
    if (depth > 0) n += co_await create_fiber(fiber_body, std::ref(w), depth - 1);
    co_return n;
}

weft::task<> live(world& w) {
    std::vector<weft::task_handle<int>> all;
    for (int i = 0; i < 150; ++i) {
        all.push_back(create_fiber(fiber_body, std::ref(w), 1 + w.below(3)));
        if (w.below(3) == 0) co_await weft::sleep(1ms);
        if (w.below(3) == 0) all[w.below(static_cast<unsigned>(all.size()))].cancel();
    }
    co_await weft::sleep(50ms);
    for (auto& h : all) h.cancel();
    for (auto& h : all) {
        try {
            w.ended += co_await h;
        } catch (const weft::cancelled_error&) {
            ++w.cancelled;
        } catch (const std::runtime_error&) {
            ++w.failed;
        }
    }
}

TEST(create_fiber_random, fibers_and_coroutines_end_whole) {
    int ended = 0, failed = 0, cancelled = 0;
    for (unsigned seed = 0; seed < 10; ++seed) {
        SCOPED_TRACE(seed);
        world w(seed);
        weft::testing::run(live(w));
        EXPECT_EQ(w.alive, 0);
        ended += w.ended;
        failed += w.failed;
        cancelled += w.cancelled;
    }
    EXPECT_GT(ended, 100);
    EXPECT_GT(failed, 20);
    EXPECT_GT(cancelled, 100);
}

}  // namespace
