// SPDX-License-Identifier: Apache-2.0
// Calls as any C library makes them, on descriptors that block.
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using hook_tests::ends;
using hook_tests::make_socketpair;
using hook_tests::on_fiber;
using weft::create_fiber;

/// What an old client does.
int ask(int fd, int n) {
    int answer = 0;
    if (send(fd, &n, sizeof n, 0) != sizeof n) return -1;
    if (recv(fd, &answer, sizeof answer, MSG_WAITALL) != sizeof answer) return -1;
    return answer;
}
void answer(int fd) {
    int n = 0;
    while (read(fd, &n, sizeof n) == sizeof n) {
        n += 1;
        if (write(fd, &n, sizeof n) != sizeof n) return;
    }
}

TEST(shim_sockets, a_thousand_fibers_call_each_other_on_one_thread) {
    rlimit most{};
    getrlimit(RLIMIT_NOFILE, &most);
    if (most.rlim_max < 2000) GTEST_SKIP() << "too few descriptors are allowed";
    if (most.rlim_cur < 2000) most.rlim_cur = 2000;
    setrlimit(RLIMIT_NOFILE, &most);
    const int sum = weft::run([]() -> weft::task<int> {
        std::vector<ends> pairs;
        std::vector<weft::task_handle<int>> clients;
        std::vector<weft::task_handle<void>> servers;
        for (int i = 0; i < 500; ++i) pairs.push_back(make_socketpair());
        for (int i = 0; i < 500; ++i) {
            const int a = pairs[static_cast<std::size_t>(i)].a.get(), b = pairs[static_cast<std::size_t>(i)].b.get();
            clients.push_back(create_fiber([a] {
                int n = 0;
                for (int round = 0; round < 10; ++round) n = ask(a, n);
                return n;
            }));
            servers.push_back(create_fiber([b] { answer(b); }));
        }
        int total = 0;
        for (auto& c : clients) total += co_await c;
        for (auto& p : pairs) p.a.reset();
        for (auto& s : servers) co_await s;
        co_return total;
    }());
    EXPECT_EQ(sum, 5000);
}

TEST(shim_sockets, more_than_a_socket_holds_is_sent_whole) {
    const ends pair = make_socketpair();
    const std::size_t received = weft::run([](int from, int to) -> weft::task<std::size_t> {
        auto sending = create_fiber([to] {
            const std::string text(3'000'000, 'x');
            return send(to, text.data(), text.size(), MSG_NOSIGNAL);
        });
        auto receiving = create_fiber([from] {
            std::vector<char> room(3'000'000);
            return recv(from, room.data(), room.size(), MSG_WAITALL);
        });
        const ssize_t sent = co_await sending;
        EXPECT_EQ(sent, 3'000'000);
        const ssize_t got = co_await receiving;
        co_return static_cast<std::size_t>(got);
    }(pair.a.get(), pair.b.get()));
    EXPECT_EQ(received, 3'000'000u);
}

/// What one recv and one recvfrom that ask for five bytes give, when messages of three and four are there.
std::pair<ssize_t, ssize_t> messages_received(int type) {
    const ends pair = make_socketpair(type);
    EXPECT_EQ(write(pair.b.get(), "abc", 3), 3);
    EXPECT_EQ(write(pair.b.get(), "defg", 4), 4);
    return on_fiber([fd = pair.a.get()] {
        const timeval patience{.tv_sec = 0, .tv_usec = 10'000};  // who waits for more is not waited for
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        char room[5];
        const ssize_t first = recv(fd, room, sizeof room, MSG_WAITALL);
        return std::pair(first, recvfrom(fd, room, sizeof room, MSG_WAITALL, nullptr, nullptr));
    });
}

TEST(shim_sockets, messages_are_received_one_by_one_also_by_who_wants_all) {
    const std::pair<ssize_t, ssize_t> both(3, 4);
    EXPECT_EQ(messages_received(SOCK_DGRAM), both);
    EXPECT_EQ(messages_received(SOCK_SEQPACKET), both);
}

TEST(shim_sockets, a_message_is_received_by_recvmsg_that_wants_all_while_the_loop_goes_on) {
    const ends pair = make_socketpair(SOCK_DGRAM);
    weft::run([](int from, int to) -> weft::task<> {
        const timeval patience{.tv_sec = 5, .tv_usec = 0};
        setsockopt(from, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        auto h = create_fiber([from] {
            char room[5];
            iovec piece{room, sizeof room};
            msghdr message{};
            message.msg_iov = &piece;
            message.msg_iovlen = 1;
            return recvmsg(from, &message, MSG_WAITALL);
        });
        co_await weft::sleep(1ms);
        EXPECT_EQ(write(to, "abc", 3), 3);
        const ssize_t received = co_await h;
        EXPECT_EQ(received, 3);
    }(pair.a.get(), pair.b.get()));
}

TEST(shim_sockets, connect_and_accept_meet_on_one_thread) {
    weft::run([]() -> weft::task<> {
        const weft::unique_fd listening(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(bind(listening.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
        EXPECT_EQ(listen(listening.get(), 8), 0);
        socklen_t size = sizeof at;
        getsockname(listening.get(), reinterpret_cast<sockaddr*>(&at), &size);
        auto server = create_fiber([fd = listening.get()] {
            const weft::unique_fd peer(accept(fd, nullptr, nullptr));
            answer(peer.get());
        });
        auto client = create_fiber([at] {
            const weft::unique_fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            const int connected = connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at);
            return connected == 0 ? ask(fd.get(), 41) : -errno;
        });
        const int n = co_await client;
        EXPECT_EQ(n, 42);
        co_await server;
    }());
}

TEST(shim_sockets, a_refused_connection_is_an_error_and_the_socket_blocks_as_before) {
    const int error = on_fiber([] {
        const weft::unique_fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        at.sin_port = htons(1);
        const int connected = connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at);
        return connected == 0 ? 0 : errno;
    });
    EXPECT_EQ(error, ECONNREFUSED);
}

TEST(shim_sockets, a_timeout_of_the_socket_is_honoured) {
    const ends pair = make_socketpair();
    const timeval patience{.tv_sec = 0, .tv_usec = 20'000};
    setsockopt(pair.a.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto [result, error] = on_fiber([fd = pair.a.get()] {
        char c = 0;
        const ssize_t r = recv(fd, &c, 1, 0);
        return std::pair(r, errno);
    });
    EXPECT_EQ(result, -1);
    EXPECT_EQ(error, EAGAIN);
}

/// A socket that has a name and a full queue, and one that sends to it without being connected.
struct full_queue {
    full_queue()
        : receiver(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
          sender(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        at.sun_family = AF_UNIX;  // and no path: the kernel gives a name
        EXPECT_EQ(bind(receiver.get(), reinterpret_cast<sockaddr*>(&at), sizeof(sa_family_t)), 0);
        getsockname(receiver.get(), reinterpret_cast<sockaddr*>(&at), &size);
        while (send(MSG_DONTWAIT) == 1) {
        }
    }
    ssize_t send(int flags) const {
        return sendto(sender.get(), "x", 1, flags, reinterpret_cast<const sockaddr*>(&at), size);
    }
    weft::unique_fd receiver, sender;
    sockaddr_un at{};
    socklen_t size = sizeof at;
};

TEST(shim_sockets, a_full_queue_that_nothing_tells_of_is_looked_at_now_and_then) {
    const full_queue queue;
    const timeval patience{.tv_sec = 0, .tv_usec = 100'000};
    setsockopt(queue.sender.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    weft::event_loop loop;
    std::optional<weft::task_handle<int>> h;
    loop.call_soon([&] { h = create_fiber([&] { return queue.send(0) == -1 ? errno : 0; }); });
    int turns = 0;
    while (turns < 200 && !(h && h->done())) {  // who does not pause takes thousands in that time
        loop.run_once(weft::clock::time_point::max());
        ++turns;
    }
    EXPECT_LT(turns, 200);
    EXPECT_EQ(loop.run_until_complete(std::move(*h)), EAGAIN);
}

TEST(shim_sockets, what_did_not_fit_into_the_queue_is_sent_when_it_does) {
    const full_queue queue;
    weft::run([](const full_queue& q) -> weft::task<> {
        auto h = create_fiber([&q] { return q.send(0); });
        co_await weft::sleep(2ms);
        EXPECT_FALSE(h.done());
        char c = 0;
        EXPECT_EQ(read(q.receiver.get(), &c, 1), 1);
        const ssize_t sent = co_await h;
        EXPECT_EQ(sent, 1);
    }(queue));
}

TEST(shim_sockets, a_descriptor_that_does_not_block_is_left_alone) {
    const ends pair = make_socketpair(SOCK_STREAM | SOCK_NONBLOCK);
    const int error = on_fiber([fd = pair.a.get()] {
        char c = 0;
        return read(fd, &c, 1) == -1 ? errno : 0;
    });
    EXPECT_EQ(error, EAGAIN);
}

TEST(shim_sockets, outside_of_a_fiber_calls_block_the_thread) {
    const ends pair = make_socketpair();
    weft::run([](int a, int b) -> weft::task<> {
        auto other = weft::create_task([](int fd) -> weft::task<> {
            const int n = 7;
            EXPECT_EQ(write(fd, &n, sizeof n), static_cast<ssize_t>(sizeof n));
            co_return;
        }(b));
        const timeval patience{.tv_sec = 0, .tv_usec = 1000};
        setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        int n = 0;
        EXPECT_EQ(read(a, &n, sizeof n), -1);  // in a coroutine: the other one did not run meanwhile
        co_await other;
        EXPECT_EQ(read(a, &n, sizeof n), static_cast<ssize_t>(sizeof n));
    }(pair.a.get(), pair.b.get()));
}

TEST(shim_sockets, readers_and_writers_of_one_socket_wait_side_by_side) {
    const ends pair = make_socketpair();
    weft::run([](int a, int b) -> weft::task<> {
        std::vector<weft::task_handle<int>> readers;
        for (int i = 0; i < 20; ++i) {
            readers.push_back(create_fiber([a] {
                int n = 0;
                return recv(a, &n, sizeof n, 0) == sizeof n ? n : -1;
            }));
        }
        co_await weft::sleep(1ms);
        for (int i = 0; i < 20; ++i)
            co_await create_fiber([b] {
                const int one = 1;
                send(b, &one, sizeof one, 0);
            });
        const std::vector<int> all = co_await weft::gather(std::move(readers));
        EXPECT_EQ(all, std::vector<int>(20, 1));
    }(pair.a.get(), pair.b.get()));
}

// Cancellation

TEST(shim_sockets, cancelled_while_receiving_c_code_sees_an_error_and_the_fiber_ends_cancelled) {
    const ends pair = make_socketpair();
    int error = 0, again = 0;
    weft::run([](int fd, int& first, int& second) -> weft::task<> {
        auto h = create_fiber([&, fd] {
            char c = 0;
            if (recv(fd, &c, 1, 0) == -1) first = errno;
            if (recv(fd, &c, 1, 0) == -1) second = errno;
            return 5;
        });
        co_await weft::sleep(1ms);
        h.cancel();
        bool cancelled = false;
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
    }(pair.a.get(), error, again));
    EXPECT_EQ(error, ECANCELED);
    EXPECT_EQ(again, ECANCELED);
}

TEST(shim_sockets, a_cancellation_that_c_code_was_told_of_is_raised_at_the_next_await) {
    const ends pair = make_socketpair();
    weft::run([](int fd) -> weft::task<> {
        auto h = create_fiber([fd] {
            char c = 0;
            recv(fd, &c, 1, 0);
            try {
                weft::await(weft::sleep(1h));
            } catch (const weft::cancelled_error&) {
                return 1;
            }
            return 0;
        });
        co_await weft::sleep(1ms);
        h.cancel();
        const int raised = co_await h;
        EXPECT_EQ(raised, 1);
    }(pair.a.get()));
}

TEST(shim_sockets, destroyed_while_receiving) {
    const ends pair = make_socketpair();
    int error = 0;
    {
        weft::event_loop loop;
        loop.call_soon([&] {
            weft::spawn([](int fd, int& told) -> weft::task<> {
                co_await create_fiber([&told, fd] {
                    char c = 0;
                    if (recv(fd, &c, 1, 0) == -1) told = errno;
                });
            }(pair.a.get(), error));
        });
        loop.run_once();
        loop.run_once();
        loop.run_once();
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    }
    EXPECT_EQ(error, ECANCELED);
}

TEST(shim_sockets, closed_while_receiving) {
    ends pair = make_socketpair();
    weft::run([](ends& p) -> weft::task<> {
        auto h = create_fiber([fd = p.a.get()] {
            char c = 0;
            return recv(fd, &c, 1, 0) == -1 ? errno : 0;
        });
        co_await weft::sleep(1ms);
        close(p.a.release());
        const int error = co_await h;
        EXPECT_EQ(error, EBADF);
    }(pair));
}

}  // namespace
