// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/select.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace {

using namespace std::chrono_literals;
using hook_tests::ends;
using hook_tests::make_pipe;
using hook_tests::make_socketpair;
using weft::create_fiber;

TEST(shim_poll, waits_for_the_first_of_several) {
    const ends one = make_socketpair(), two = make_pipe();
    weft::run([](int a, int b, int writer) -> weft::task<> {
        auto h = create_fiber([a, b] {
            pollfd both[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
            const int ready = poll(both, 2, 10'000);
            return ready * 100 + both[0].revents * 10 + both[1].revents;
        });
        co_await weft::sleep(1ms);
        EXPECT_EQ(write(writer, "x", 1), 1);
        const int seen = co_await h;
        EXPECT_EQ(seen, 100 + POLLIN);
    }(one.a.get(), two.a.get(), two.b.get()));
}

TEST(shim_poll, its_time_ends) {
    const ends one = make_socketpair();
    weft::testing::run([](int fd) -> weft::task<> {
        const auto began = weft::get_running_loop().time();
        auto h = create_fiber([fd] {
            pollfd p{fd, POLLIN, 0};
            return poll(&p, 1, 30) + poll(nullptr, 0, 30);
        });
        const int ready = co_await h;
        EXPECT_EQ(ready, 0);
        EXPECT_GE(weft::get_running_loop().time() - began, 60ms);
    }(one.a.get()));
}

/// Whether a coroutine that was ready ran while a fiber called `look`, which gives 0.
bool others_ran_during(int (*look)(int fd)) {
    const ends one = make_socketpair();
    return weft::run([](int fd, int (*call)(int)) -> weft::task<bool> {
        int turns = 0;
        auto h = create_fiber([&turns, fd, call] {
            const int before = turns;
            EXPECT_EQ(call(fd), 0);
            return turns != before;
        });
        while (!h.done()) {
            ++turns;
            co_await weft::yield_now();
        }
        co_return co_await h;
    }(one.a.get(), look));
}

TEST(shim_poll, who_only_looks_is_not_suspended) {
    EXPECT_FALSE(others_ran_during([](int fd) {
        pollfd p{fd, POLLIN, 0};
        return poll(&p, 1, 0);
    }));
}

TEST(shim_poll, who_only_looks_by_ppoll_is_not_suspended) {
    EXPECT_FALSE(others_ran_during([](int fd) {
        pollfd p{fd, POLLIN, 0};
        const timespec zero{};
        return ppoll(&p, 1, &zero, nullptr);
    }));
}

TEST(shim_poll, who_only_looks_by_select_is_not_suspended) {
    EXPECT_FALSE(others_ran_during([](int fd) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(fd, &set);
        timeval zero{};
        return select(fd + 1, &set, nullptr, nullptr, &zero);
    }));
}

TEST(shim_poll, who_only_looks_by_pselect_is_not_suspended) {
    EXPECT_FALSE(others_ran_during([](int fd) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(fd, &set);
        const timespec zero{};
        return pselect(fd + 1, &set, nullptr, nullptr, &zero, nullptr);
    }));
}

TEST(shim_poll, is_cancelled) {
    const ends one = make_socketpair();
    weft::run([](int fd) -> weft::task<> {
        int error = 0;
        auto h = create_fiber([&error, fd] {
            pollfd p{fd, POLLIN, 0};
            if (poll(&p, 1, -1) == -1) error = errno;
        });
        co_await weft::sleep(1ms);
        h.cancel();
        co_await hook_tests::ended(h);
        EXPECT_EQ(error, ECANCELED);
    }(one.a.get()));
}

TEST(shim_poll, select_tells_of_each_set) {
    const ends one = make_socketpair();
    weft::run([](int a, int b) -> weft::task<> {
        auto h = create_fiber([a] {
            fd_set in, out;
            FD_ZERO(&in);
            FD_ZERO(&out);
            FD_SET(a, &in);
            timeval patience{.tv_sec = 10, .tv_usec = 0};
            const int readable = select(a + 1, &in, nullptr, nullptr, &patience);
            FD_SET(a, &out);
            const int both = select(a + 1, &in, &out, nullptr, nullptr);
            return readable * 10 + both + (patience.tv_sec == 9 ? 100 : 0);
        });
        co_await weft::sleep(1ms);
        EXPECT_EQ(write(b, "x", 1), 1);
        const int seen = co_await h;
        EXPECT_EQ(seen, 112);
    }(one.a.get(), one.b.get()));
}

TEST(shim_poll, pipes_are_read_and_written_whole) {
    const ends pipe = make_pipe();
    weft::run([](int from, int to) -> weft::task<> {
        auto writing = create_fiber([to] {
            const std::vector<char> bytes(500'000, 'x');
            return write(to, bytes.data(), bytes.size());
        });
        auto reading = create_fiber([from] {
            std::vector<char> room(70'000);
            std::size_t all = 0;
            while (all < 500'000) {
                const ssize_t n = read(from, room.data(), room.size());
                if (n <= 0) break;
                all += static_cast<std::size_t>(n);
            }
            return all;
        });
        const ssize_t written = co_await writing;
        EXPECT_EQ(written, 500'000);
        const std::size_t received = co_await reading;
        EXPECT_EQ(received, 500'000u);
    }(pipe.a.get(), pipe.b.get()));
}

TEST(shim_poll, pselect_waits_as_select_does) {
    const ends one = make_pipe();
    weft::run([](int in, int out) -> weft::task<> {
        auto h = create_fiber([in] {
            fd_set set;
            FD_ZERO(&set);
            FD_SET(in, &set);
            const timespec moment{.tv_sec = 0, .tv_nsec = 1'000'000}, long_time{.tv_sec = 10, .tv_nsec = 0};
            const int none = pselect(in + 1, &set, nullptr, nullptr, &moment, nullptr);
            FD_SET(in, &set);
            return none * 10 + pselect(in + 1, &set, nullptr, nullptr, &long_time, nullptr);
        });
        co_await weft::sleep(5ms);
        EXPECT_EQ(write(out, "x", 1), 1);
        const int ready = co_await h;
        EXPECT_EQ(ready, 1);
    }(one.a.get(), one.b.get()));
}

}  // namespace
