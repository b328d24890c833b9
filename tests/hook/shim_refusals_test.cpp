// SPDX-License-Identifier: Apache-2.0
// How often C code is told that it cannot wait, and what comes after that.
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <pthread.h>

#include <cerrno>
#include <optional>

namespace {

/// A fiber of `body` on a loop that goes after a few turns, at the latest of which the fiber is cancelled if so asked.
template <class F>
void destroyed_on_a_loop(bool is_cancelled_before, F body) {
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    std::optional<weft::task_handle<void>> h;
    loop.call_soon([&] { h = weft::create_fiber(body); });
    for (int i = 0; i < 4; ++i) loop.run_once();
    if (is_cancelled_before) h->cancel();
    for (int i = 0; i < 4; ++i) {
        loop.call_soon([] {});
        loop.run_once();
    }
    EXPECT_FALSE(h->done());
    loop.close();
    h.reset();
}

TEST(shim_refusals, after_a_cancellation_are_not_counted_when_the_fiber_is_destroyed) {
    const auto sockets = hook_tests::make_socketpair();
    int cancelled = 0, farewells = 0;
    destroyed_on_a_loop(true, [&, fd = sockets.a.get()] {
        char c = 0;
        while (cancelled < 150 && recv(fd, &c, 1, 0) < 0 && errno == ECANCELED) ++cancelled;
        while (farewells < 50 && recv(fd, &c, 1, 0) < 0 && errno == ECANCELED) ++farewells;
    });
    EXPECT_EQ(cancelled, 150);  // it waited after all after about a hundred of them, and was destroyed
    EXPECT_EQ(farewells, 50);
}

TEST(shim_refusals, one_and_then_a_condition_throws_when_the_fiber_is_destroyed) {
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t c = PTHREAD_COND_INITIALIZER;
    int waits = 0;
    destroyed_on_a_loop(false, [&] {
        pthread_mutex_lock(&m);
        for (;;) {
            ++waits;
            pthread_cond_wait(&c, &m);
        }
    });
    EXPECT_EQ(waits, 3);  // the one it was destroyed in, the one that was refused, the one that throws
}

}  // namespace
