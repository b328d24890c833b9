// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>

namespace {

using namespace std::chrono_literals;

/// A file that goes with the test, open twice.
struct twice_open {
    twice_open() : one(::mkostemp(path.data(), O_CLOEXEC)), two(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
    ~twice_open() { ::unlink(path.c_str()); }
    std::string path = testing::TempDir() + "weft_hook_XXXXXX";
    weft::unique_fd one, two;
};

struct flock whole(short type) {
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

/// `lock` is called by a fiber, and waits until `unlock` is called.
template <class Lock, class Unlock>
weft::task<> waits_for_a_lock(Lock lock, Unlock unlock) {
    auto h = weft::create_fiber(lock);
    co_await weft::sleep(2ms);
    EXPECT_FALSE(h.done());
    unlock();
    const int locked = co_await h;
    EXPECT_EQ(locked, 0);
}

TEST(shim_locks, flock_waits) {
    const twice_open file;
    EXPECT_EQ(flock(file.one.get(), LOCK_EX), 0);
    weft::run(
        waits_for_a_lock([&] { return flock(file.two.get(), LOCK_EX); }, [&] { flock(file.one.get(), LOCK_UN); }));
}

TEST(shim_locks, fcntl_waits_for_a_lock_of_an_open_file_description) {
    const twice_open file;
    auto mine = whole(F_WRLCK), wanted = whole(F_WRLCK), none = whole(F_UNLCK);
    EXPECT_EQ(fcntl(file.one.get(), F_OFD_SETLK, &mine), 0);
    weft::run(waits_for_a_lock([&] { return fcntl(file.two.get(), F_OFD_SETLKW, &wanted); },
                               [&] { fcntl(file.one.get(), F_OFD_SETLK, &none); }));
    EXPECT_EQ(fcntl64(file.two.get(), F_OFD_SETLK, &none), 0);
    EXPECT_EQ(fcntl64(file.one.get(), F_OFD_SETLK, &mine), 0);
    weft::run(waits_for_a_lock([&] { return fcntl64(file.two.get(), F_OFD_SETLKW, &wanted); },
                               [&] { fcntl64(file.one.get(), F_OFD_SETLK, &none); }));
}

TEST(shim_locks, fcntl_and_lockf_wait_for_another_process) {
    const twice_open file;
    for (const bool by_lockf : {false, true}) {
        auto told = hook_tests::make_pipe(), held = hook_tests::make_pipe();
        const pid_t child = fork();
        if (child == 0) {
            char c = 0;
            held.b.reset();
            _exit(lockf(file.one.get(), F_LOCK, 0) || write(told.b.get(), "x", 1) != 1 || read(held.a.get(), &c, 1));
        }
        char c = 0;
        EXPECT_EQ(read(told.a.get(), &c, 1), 1);
        const auto lock = [&] {
            auto wanted = whole(F_WRLCK);
            return by_lockf ? lockf(file.two.get(), F_LOCK, 0) : fcntl(file.two.get(), F_SETLKW, &wanted);
        };
        weft::run(waits_for_a_lock(lock, [&] { held.b.reset(); }));
        EXPECT_EQ(lockf(file.two.get(), F_ULOCK, 0), 0);
        EXPECT_EQ(waitpid(child, nullptr, 0), child);
    }
}

TEST(shim_locks, cancelled_while_waiting) {
    const twice_open file;
    auto mine = whole(F_WRLCK);
    EXPECT_EQ(fcntl(file.one.get(), F_OFD_SETLK, &mine), 0);
    weft::run([](int fd) -> weft::task<> {
        int error = 0;
        auto h = weft::create_fiber([&] {
            auto wanted = whole(F_WRLCK);
            if (fcntl(fd, F_OFD_SETLKW, &wanted) != 0) error = errno;
        });
        co_await weft::yield_now();
        h.cancel();
        co_await hook_tests::ended(h);
        EXPECT_EQ(error, ECANCELED);
    }(file.two.get()));
}

TEST(shim_locks, fcntl_passes_on_what_it_is_called_with) {
    const auto sockets = hook_tests::make_socketpair();
    const int flags = hook_tests::on_fiber([fd = sockets.a.get()] {
        if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) return -1;
        const weft::unique_fd copy(fcntl64(fd, F_DUPFD_CLOEXEC, 100));
        return copy.get() < 100 ? -2 : fcntl(copy.get(), F_GETFL);
    });
    EXPECT_GE(flags, 0);
    EXPECT_TRUE(flags & O_NONBLOCK);
}

}  // namespace
