// SPDX-License-Identifier: Apache-2.0
// What a call gives on a thread, it gives on a fiber.
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using hook_tests::ends;
using hook_tests::make_pipe;
using hook_tests::make_socketpair;
using weft::create_fiber;

/// With errno; 0 if it was left alone.
using outcome = std::pair<long, int>;

template <class F>
outcome called(F& f) {
    errno = 0;
    const long result = f();
    return {result, errno};
}

/// @throws weft::timeout_error  it waits
template <class F>
outcome called_on_fiber(F& f) {
    return weft::run([](F& call) -> weft::task<outcome> {
        auto h = create_fiber([&call] { return called(call); });
        co_return co_await weft::wait_for(std::move(h), 2s);
    }(f));
}

template <class F>
void expect_as_libc(const char* what, F f) {
    const outcome on_thread = called(f);
    EXPECT_EQ(called_on_fiber(f), on_thread) << what;
}

TEST(shim_as_libc, who_asks_for_nothing_does_not_wait) {
    const iovec nothing{nullptr, 0};
    const ends stream = make_socketpair(), pipe = make_pipe(), messages = make_socketpair(SOCK_DGRAM);
    expect_as_libc("readv of a socket", [&] { return readv(stream.a.get(), &nothing, 1); });
    expect_as_libc("readv of a pipe", [&] { return readv(pipe.a.get(), &nothing, 1); });
    expect_as_libc("writev to a socket", [&] { return writev(messages.a.get(), &nothing, 1); });
    char c = 0;
    EXPECT_EQ(recv(messages.b.get(), &c, 1, MSG_DONTWAIT), -1) << "an empty message was sent";
}

TEST(shim_as_libc, times_that_are_none_are_mistakes) {
    const timespec negative{.tv_sec = -1, .tv_nsec = 0}, too_much{.tv_sec = 0, .tv_nsec = 1'000'000'000};
    for (const timespec& t : {negative, too_much}) {
        expect_as_libc("ppoll", [&] { return ppoll(nullptr, 0, &t, nullptr); });
        expect_as_libc("pselect", [&] { return pselect(0, nullptr, nullptr, nullptr, &t, nullptr); });
        expect_as_libc("nanosleep", [&] { return nanosleep(&t, nullptr); });
    }
    expect_as_libc("select", [] {
        timeval t{.tv_sec = -1, .tv_usec = 0};
        return select(0, nullptr, nullptr, nullptr, &t);
    });
    const timespec moment{.tv_sec = 0, .tv_nsec = 1000};
    for (const clockid_t clock : {clockid_t{77}, clockid_t{CLOCK_THREAD_CPUTIME_ID}, clockid_t{CLOCK_BOOTTIME}})
        expect_as_libc("clock_nanosleep", [&] { return clock_nanosleep(clock, 0, &moment, nullptr); });
}

TEST(shim_as_libc, the_wrong_end_of_a_pipe_is_not_waited_for) {
    const ends pipe = make_pipe();
    char c = 0;
    expect_as_libc("read", [&] { return read(pipe.b.get(), &c, 1); });
    expect_as_libc("write", [&] { return write(pipe.a.get(), &c, 1); });
}

TEST(shim_as_libc, more_pieces_than_there_may_be_are_a_mistake) {
    const ends pair = make_socketpair();
    char c = 0;
    const std::vector<iovec> pieces(IOV_MAX + 1, iovec{&c, 1});
    const int count = static_cast<int>(pieces.size());
    expect_as_libc("readv", [&] { return readv(pair.a.get(), pieces.data(), count); });
    expect_as_libc("writev", [&] { return writev(pair.a.get(), pieces.data(), count); });
}

TEST(shim_as_libc, a_file_is_polled_for_what_never_comes_until_the_time_is_over) {
    const weft::unique_fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    for (const short events : {short{POLLPRI}, short{0}, short{POLLIN}}) {
        expect_as_libc("poll", [&] {
            pollfd p{file.get(), events, 0};
            return poll(&p, 1, 5) * 1000 + p.revents;
        });
    }
}

TEST(shim_as_libc, a_refused_connection_is_refused_again) {
    const weft::unique_fd unused(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));  // bound, and does not listen
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    ASSERT_EQ(bind(unused.get(), address, size), 0);
    ASSERT_EQ(getsockname(unused.get(), address, &size), 0);
    expect_as_libc("connect, twice", [&] {
        const weft::unique_fd s(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const int first = connect(s.get(), address, size) == -1 ? errno : 0;
        const int second = connect(s.get(), address, size) == -1 ? errno : 0;
        errno = 0;
        return first * 1000 + second;
    });
    ASSERT_EQ(listen(unused.get(), 10), 0);
    expect_as_libc("connect, and again", [&] {
        const weft::unique_fd s(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const int first = connect(s.get(), address, size);
        return connect(s.get(), address, size) + 10 * first;
    });
}

TEST(shim_as_libc, what_was_shut_down_has_ended) {
    const weft::unique_fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr at{};
    at.sa_family = AF_UNIX;  // and no path: the kernel gives a name
    ASSERT_EQ(bind(listener.get(), &at, sizeof(sa_family_t)), 0);
    ASSERT_EQ(listen(listener.get(), 1), 0);
    shutdown(listener.get(), SHUT_RDWR);
    expect_as_libc("accept", [&] { return accept(listener.get(), nullptr, nullptr); });
    char c = 0;
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
        const ends pair = make_socketpair(type);
        shutdown(pair.a.get(), SHUT_RD);
        expect_as_libc("recv", [&] { return recv(pair.a.get(), &c, 1, 0); });
        expect_as_libc("read", [&] { return read(pair.a.get(), &c, 1); });
    }
}

/// How many descriptors the kernel's table of them has room for.
int room_for_descriptors() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("FDSize:")) return std::atoi(line.c_str() + 7);
    }
    return INT_MAX;
}

TEST(shim_as_libc, select_looks_at_no_more_of_a_set_than_there_can_be_descriptors) {
    if (room_for_descriptors() > FD_SETSIZE) GTEST_SKIP() << "more descriptors than that have been open";
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* const memory = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    ASSERT_EQ(mprotect(static_cast<char*>(memory) + page, page, PROT_NONE), 0);
    auto* const set = reinterpret_cast<fd_set*>(static_cast<char*>(memory) + page) - 1;  // behind it lies nothing
    const ends pipe = make_pipe();
    expect_as_libc("select", [&] {
        FD_SET(pipe.a.get(), set);
        timeval t{.tv_sec = 0, .tv_usec = 5000};
        return select(1'000'000, set, nullptr, nullptr, &t) * 10 + (FD_ISSET(pipe.a.get(), set) ? 1 : 0);
    });
    munmap(memory, 2 * page);
}

TEST(shim_as_libc, select_waits_for_descriptors_beyond_FD_SETSIZE) {
    const ends pair = make_socketpair();
    const weft::unique_fd high(fcntl(pair.a.get(), F_DUPFD_CLOEXEC, FD_SETSIZE + 100));
    if (!high) GTEST_SKIP() << "too few descriptors are allowed";
    std::vector<fd_mask> set(static_cast<std::size_t>(high.get() / NFDBITS + 1));
    fd_mask& word = set.back();
    const fd_mask bit = static_cast<fd_mask>(1UL << high.get() % NFDBITS);
    word = bit;
    weft::run([](int fd, fd_set* in, int writer) -> weft::task<> {
        auto h = create_fiber([=] {
            timeval t{.tv_sec = 5, .tv_usec = 0};
            return select(fd + 1, in, nullptr, nullptr, &t);
        });
        co_await weft::sleep(1ms);
        EXPECT_EQ(write(writer, "x", 1), 1);
        const int ready = co_await h;
        EXPECT_EQ(ready, 1);
    }(high.get(), reinterpret_cast<fd_set*>(set.data()), pair.b.get()));
    EXPECT_EQ(word, bit);
}

/// Ten bytes, one in ten milliseconds.
weft::task<> write_slowly(int fd) {
    for (int i = 0; i < 10; ++i) {
        co_await weft::sleep(10ms);
        EXPECT_EQ(write(fd, "x", 1), 1);
    }
}

TEST(shim_as_libc, the_timeout_of_a_socket_is_one_for_the_whole_call) {
    const ends pair = make_socketpair();
    const timeval patience{.tv_sec = 0, .tv_usec = 25'000};
    setsockopt(pair.a.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    weft::run([](int from, int to) -> weft::task<> {
        auto writing = weft::create_task(write_slowly(to));
        auto reading = create_fiber([from] {
            char all[10];
            return recv(from, all, sizeof all, MSG_WAITALL);
        });
        const ssize_t received = co_await reading;
        EXPECT_LT(received, 10);
        co_await writing;
    }(pair.a.get(), pair.b.get()));
}

TEST(shim_as_libc, the_timeout_for_sending_is_one_for_all_parts) {
    const ends pair = make_socketpair();
    const timeval patience{.tv_sec = 0, .tv_usec = 25'000};
    setsockopt(pair.a.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    weft::run([](int from, int to) -> weft::task<> {
        auto sending = create_fiber([to] {
            const std::vector<char> much(10'000'000);
            return send(to, much.data(), much.size(), MSG_NOSIGNAL);
        });
        std::vector<char> room(500'000);
        std::size_t received = 0;
        while (!sending.done()) {  // about 3 MB by the time that it gives up
            co_await weft::sleep(5ms);
            if (const ssize_t n = recv(from, room.data(), room.size(), MSG_DONTWAIT); n > 0)
                received += static_cast<std::size_t>(n);
        }
        const ssize_t sent = co_await sending;
        EXPECT_GT(sent, 0);
        EXPECT_LT(sent, 10'000'000);
        EXPECT_LE(received, static_cast<std::size_t>(sent));
    }(pair.b.get(), pair.a.get()));
}

}  // namespace
