// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using hook_tests::ended;
using weft::await;
using weft::create_fiber;

template <class Mutex>
void only_one_is_inside() {
    weft::testing::run([]() -> weft::task<> {
        Mutex m;
        int inside = 0, most = 0, rounds = 0;
        std::vector<weft::task_handle<void>> all;
        for (int i = 0; i < 100; ++i) {
            all.push_back(create_fiber([&] {
                const std::lock_guard held(m);
                most = std::max(most, ++inside);
                await(weft::sleep(1ms));
                --inside;
                ++rounds;
            }));
        }
        for (auto& h : all) co_await h;
        EXPECT_EQ(most, 1);
        EXPECT_EQ(rounds, 100);
    }());
}

TEST(shim_mutex, is_held_across_waits_by_one_fiber) { only_one_is_inside<std::mutex>(); }
TEST(shim_mutex, a_recursive_one_is_a_fibers_not_a_threads) { only_one_is_inside<std::recursive_mutex>(); }

TEST(shim_mutex, a_recursive_one_is_locked_again_by_its_fiber) {
    weft::testing::run([]() -> weft::task<> {
        std::recursive_mutex m;
        bool was_refused = false, was_given = false;
        auto owner = create_fiber([&] {
            const std::lock_guard outer(m);
            const std::lock_guard inner(m);
            await(weft::sleep(2s));
        });
        auto other = create_fiber([&] {
            was_refused = !m.try_lock();
            const std::lock_guard held(m);
            was_given = true;
        });
        co_await owner;
        co_await other;
        EXPECT_TRUE(was_refused);
        EXPECT_TRUE(was_given);
    }());
}

/// One place, however often it is called.
[[gnu::noinline]] void lock_and_unlock(std::recursive_mutex& m) { const std::lock_guard held(m); }

TEST(shim_mutex, a_recursive_one_that_a_fiber_holds_is_given_to_a_coroutine_and_it_is_said) {
    std::string said;
    weft::testing::run([](std::string& what) -> weft::task<> {
        std::recursive_mutex m;
        auto owner = create_fiber([&] {
            const std::lock_guard held(m);
            await(weft::sleep(2s));
        });
        co_await weft::sleep(1s);
        EXPECT_FALSE(m.try_lock());
        testing::internal::CaptureStderr();
        lock_and_unlock(m);  // to wait for the fiber would be for ever
        lock_and_unlock(m);
        what = testing::internal::GetCapturedStderr();
        auto other = create_fiber([&] { return m.try_lock(); });
        const bool given = co_await other;
        EXPECT_FALSE(given);  // it is the first one's as before
        co_await owner;
        EXPECT_TRUE(m.try_lock());
        m.unlock();
    }(said));
    EXPECT_THAT(said, testing::HasSubstr("weft_hook: a recursive mutex that a fiber holds is given to others"));
    EXPECT_EQ(said.find("weft_hook: "), said.rfind("weft_hook: "));
}

TEST(shim_mutex, held_by_another_thread_it_suspends_the_fiber_alone) {
    weft::run([]() -> weft::task<> {
        std::mutex m;
        std::atomic<bool> is_held{false}, may_end{false};
        std::thread holder([&] {
            const std::lock_guard held(m);
            is_held.store(true);
            is_held.notify_all();
            may_end.wait(false);
        });
        is_held.wait(false);
        auto h = create_fiber([&] { const std::lock_guard held(m); });
        co_await weft::sleep(2ms);  // the loop goes on
        EXPECT_FALSE(h.done());
        may_end.store(true);
        may_end.notify_all();
        co_await h;
        holder.join();
    }());
}

TEST(shim_mutex, a_timed_lock_gives_up) {
    weft::testing::run([]() -> weft::task<> {
        std::timed_mutex m;
        auto owner = create_fiber([&] {
            const std::lock_guard held(m);
            await(weft::sleep(1h));
        });
        auto other = create_fiber([&] { return m.try_lock_for(20s); });
        const bool given = co_await other;
        EXPECT_FALSE(given);
        owner.cancel();
        co_await ended(owner);
    }());
}

TEST(shim_mutex, cancelled_while_waiting_it_is_locked_all_the_same) {
    weft::testing::run([]() -> weft::task<> {
        std::mutex m;
        bool was_inside = false;
        auto owner = create_fiber([&] {
            const std::lock_guard held(m);
            await(weft::sleep(2s));
        });
        auto other = create_fiber([&] {
            const std::lock_guard held(m);
            was_inside = true;
        });
        co_await weft::sleep(1s);
        other.cancel();
        bool cancelled = false;
        try {
            co_await other;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(was_inside);
        EXPECT_TRUE(cancelled);
        co_await owner;
    }());
}

TEST(shim_mutex, a_condition_is_signalled_by_a_fiber) {
    weft::testing::run([]() -> weft::task<> {
        std::mutex m;
        std::condition_variable changed;
        int value = 0, seen = 0;
        std::vector<weft::task_handle<void>> all;
        for (int i = 0; i < 100; ++i) {
            all.push_back(create_fiber([&] {
                std::unique_lock held(m);
                changed.wait(held, [&] { return value == 1; });
                ++seen;
            }));
        }
        co_await weft::sleep(1s);
        co_await create_fiber([&] {
            const std::lock_guard held(m);
            value = 1;
            changed.notify_all();
        });
        for (auto& h : all) co_await h;
        EXPECT_EQ(seen, 100);
    }());
}

TEST(shim_mutex, a_condition_is_signalled_by_another_thread) {
    weft::run([]() -> weft::task<> {
        std::mutex m;
        std::condition_variable changed;
        bool is_set = false;
        auto h = create_fiber([&] {
            std::unique_lock held(m);
            changed.wait(held, [&] { return is_set; });
        });
        co_await weft::sleep(1ms);
        std::thread other([&] {
            const std::lock_guard held(m);
            is_set = true;
            changed.notify_one();
        });
        co_await h;
        other.join();
    }());
}

/// In memory that a child has as well.
struct shared_condition {
    shared_condition() {
        pthread_mutexattr_t of_mutex;
        pthread_mutexattr_init(&of_mutex);
        pthread_mutexattr_setpshared(&of_mutex, PTHREAD_PROCESS_SHARED);
        pthread_mutex_init(&mutex, &of_mutex);
        pthread_condattr_t of_condition;
        pthread_condattr_init(&of_condition);
        pthread_condattr_setpshared(&of_condition, PTHREAD_PROCESS_SHARED);
        pthread_cond_init(&changed, &of_condition);
    }
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_set = false;
};

TEST(shim_mutex, a_condition_is_signalled_by_another_process) {
    void* const memory =
        mmap(nullptr, sizeof(shared_condition), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    weft::run([](shared_condition& s) -> weft::task<> {
        const hook_tests::ends pipe = hook_tests::make_pipe();
        const pid_t child = fork();
        if (child == 0) {
            char c = 0;
            if (read(pipe.a.get(), &c, 1) != 1) _exit(1);
            pthread_mutex_lock(&s.mutex);
            s.is_set = true;
            pthread_cond_signal(&s.changed);
            pthread_mutex_unlock(&s.mutex);
            _exit(0);
        }
        auto h = create_fiber([&s] {
            timespec when{};
            clock_gettime(CLOCK_REALTIME, &when);
            when.tv_sec += 5;
            int result = 0;
            pthread_mutex_lock(&s.mutex);
            while (!s.is_set && result == 0) result = pthread_cond_timedwait(&s.changed, &s.mutex, &when);
            pthread_mutex_unlock(&s.mutex);
            return result;
        });
        co_await weft::sleep(1ms);
        EXPECT_FALSE(h.done());
        EXPECT_EQ(write(pipe.b.get(), "x", 1), 1);
        const int result = co_await h;
        EXPECT_EQ(result, 0);
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }(*new (memory) shared_condition));
    munmap(memory, sizeof(shared_condition));
}

TEST(shim_mutex, waiting_for_a_shared_condition_ends_with_its_time) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber([] {
            shared_condition s;
            timespec when{};
            clock_gettime(CLOCK_REALTIME, &when);
            when.tv_nsec += 5'000'000;
            if (when.tv_nsec >= 1'000'000'000) when = {when.tv_sec + 1, when.tv_nsec - 1'000'000'000};
            pthread_mutex_lock(&s.mutex);
            const int result = pthread_cond_timedwait(&s.changed, &s.mutex, &when);
            pthread_mutex_unlock(&s.mutex);
            return result;
        });
        const int result = co_await h;
        EXPECT_EQ(result, ETIMEDOUT);
    }());
}

TEST(shim_mutex, waiting_for_a_condition_ends_with_its_time) {
    weft::run([]() -> weft::task<> {
        auto h = create_fiber([] {
            std::mutex m;
            std::condition_variable never;
            std::unique_lock held(m);
            const auto status = never.wait_for(held, 10ms);
            pthread_mutex_t c_mutex = PTHREAD_MUTEX_INITIALIZER;
            pthread_cond_t c_never = PTHREAD_COND_INITIALIZER;
            timespec when{};
            clock_gettime(CLOCK_REALTIME, &when);
            when.tv_sec -= 1;
            pthread_mutex_lock(&c_mutex);
            const int late = pthread_cond_timedwait(&c_never, &c_mutex, &when);
            pthread_mutex_unlock(&c_mutex);
            return status == std::cv_status::timeout && late == ETIMEDOUT;
        });
        const bool timed_out = co_await h;
        EXPECT_TRUE(timed_out);
    }());
}

TEST(shim_mutex, destroyed_while_waiting_for_a_condition) {
    bool is_unwound = false;
    {
        std::mutex m;
        std::condition_variable never;
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        loop.call_soon([&] {
            weft::spawn([](std::mutex& held, std::condition_variable& c, bool& told) -> weft::task<> {
                co_await create_fiber([&] {
                    struct at_end {
                        bool& flag;
                        ~at_end() { flag = true; }
                    } const mark{told};
                    std::unique_lock lock(held);
                    for (;;) c.wait(lock);
                });
            }(m, never, is_unwound));
        });
        for (int i = 0; i < 3; ++i) loop.run_once();
    }
    EXPECT_TRUE(is_unwound);
}

}  // namespace
