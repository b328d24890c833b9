// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <pthread.h>

#include <cerrno>
#include <semaphore>
#include <thread>

namespace {

using namespace std::chrono_literals;
using hook_tests::on_fiber;
using weft::create_fiber;

TEST(shim_threads, to_join_a_thread_suspends_the_fiber_alone) {
    std::binary_semaphore may_end(0);
    weft::run([](std::binary_semaphore& s) -> weft::task<> {
        auto h = create_fiber([&s] {
            std::thread t([&s] { s.acquire(); });
            t.join();
        });
        co_await weft::sleep(5ms);
        EXPECT_FALSE(h.done());
        s.release();  // nobody would, if the loop stood still
        co_await h;
    }(may_end));
}

TEST(shim_threads, what_a_thread_gives_is_given) {
    const auto [joined, result] = on_fiber([] {
        pthread_t t{};
        static int place = 0;
        pthread_create(&t, nullptr, [](void*) -> void* { return &place; }, nullptr);
        void* given = nullptr;
        const int error = pthread_join(t, &given);
        return std::pair(error, given == &place);
    });
    EXPECT_EQ(joined, 0);
    EXPECT_TRUE(result);
}

TEST(shim_threads, nobody_joins_itself) {
    const int error = on_fiber([] { return pthread_join(pthread_self(), nullptr); });
    EXPECT_EQ(error, EDEADLK);
}

TEST(shim_threads, cancelled_while_joining_the_fiber_joins_and_then_is_cancelled) {
    std::binary_semaphore may_end(0);
    bool has_joined = false;
    weft::run([](std::binary_semaphore& s, bool& joined) -> weft::task<> {
        auto h = create_fiber([&] {
            std::thread t([&s] { s.acquire(); });
            t.join();
            joined = true;
        });
        co_await weft::sleep(1ms);
        h.cancel();
        co_await weft::sleep(1ms);
        EXPECT_FALSE(h.done());
        s.release();
        bool cancelled = false;
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
    }(may_end, has_joined));
    EXPECT_TRUE(has_joined);
}

TEST(shim_threads, destroyed_while_joining_the_thread_is_waited_for) {
    std::binary_semaphore may_end(0);
    bool has_joined = false;
    {
        weft::event_loop loop;
        loop.call_soon([&] {
            weft::spawn([](std::binary_semaphore& s, bool& joined) -> weft::task<> {
                co_await create_fiber([&] {
                    std::thread t([&s] { s.acquire(); });
                    t.join();
                    joined = true;
                });
            }(may_end, has_joined));
        });
        for (int turn = 0; turn < 3; ++turn) loop.run_once();
        may_end.release();
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    }
    EXPECT_TRUE(has_joined);
}

}  // namespace
