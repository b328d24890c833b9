// SPDX-License-Identifier: Apache-2.0
// Several threads, each with its loop, and one socket.
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

namespace {

struct counted {
    std::atomic<int> accepted{0}, told_to_try_again{0};
};

/// Until nobody listens any more.
void accept_all(int listener, counted& c) {
    for (;;) {
        const weft::unique_fd connection(accept(listener, nullptr, nullptr));
        if (connection) {
            ++c.accepted;
        } else if (errno == EAGAIN) {
            ++c.told_to_try_again;
        } else {
            return;
        }
    }
}

TEST(shim_shared_sockets, a_listening_one_blocks_for_the_fibers_of_each_thread) {
    constexpr int connections = 3000;
    const weft::unique_fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;  // and no path: the kernel gives a name
    socklen_t size = sizeof at;
    ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&at), sizeof(sa_family_t)), 0);
    ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    ASSERT_EQ(listen(listener.get(), 100), 0);
    counted c;
    const auto serve = [&] {
        hook_tests::on_fiber([&] {
            auto other = weft::create_fiber([&] { accept_all(listener.get(), c); });
            accept_all(listener.get(), c);
            weft::await(other);
            return 0;
        });
    };
    std::thread one(serve), two(serve);
    for (int i = 0; i < connections; ++i) {
        const weft::unique_fd s(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (connect(s.get(), reinterpret_cast<const sockaddr*>(&at), size) != 0) ADD_FAILURE() << errno;
    }
    while (c.accepted < connections) std::this_thread::yield();
    shutdown(listener.get(), SHUT_RDWR);
    one.join();
    two.join();
    EXPECT_EQ(c.accepted, connections);
    EXPECT_EQ(c.told_to_try_again, 0);
}

}  // namespace
