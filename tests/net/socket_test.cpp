// SPDX-License-Identifier: Apache-2.0
// Sockets themselves: how they are accepted and connected, and what becomes of their descriptors.
#include "io/operations.hpp"
#include "net/socket.hpp"

#include <netinet/tcp.h>
#include <sys/resource.h>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

TEST(numeric_address, takes_a_zone_by_name_or_number_and_nothing_behind_it) {
    EXPECT_TRUE(weft::numeric_address("fe80::1%1", 1));
    EXPECT_TRUE(weft::numeric_address("fe80::1%lo", 1));
    for (const char* const wrong : {"fe80::1%1abc", "fe80::1%", "fe80::1%0", "fe80::1%1%1", "fe80::1%99999999999"}) {
        EXPECT_FALSE(weft::numeric_address(wrong, 1)) << wrong;
    }
}

TEST_F(operations, accept_brings_one_connection_after_the_other) {
    std::uint16_t port = 0;
    auto listener = listen_on_loopback(port);
    make_nonblocking(listener);
    accepting a;
    submit(a, listener);
    std::vector<weft::unique_fd> clients;
    for (std::size_t i = 0; i < 5; ++i) {
        clients.push_back(connect_to_loopback(port));
        turn_until([&] { return a.results.size() > i; });
    }
    for (const int fd : a.results) {
        EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        ::close(fd);
    }
    EXPECT_FALSE(a.over);
    backend_->cancel(a);
    backend_->close(listener.release());
}

TEST_F(operations, a_connection_that_comes_late_to_a_cancelled_accept_is_closed) {
    std::uint16_t port = 0;
    auto listener = listen_on_loopback(port);
    make_nonblocking(listener);
    accepting a;
    submit(a, listener);
    turn_a_little();
    auto client = connect_to_loopback(port);  // the kernel may have accepted it for us already
    const auto before = open_descriptors();
    backend_->cancel(a);
    backend_->close(listener.release());
    turn_a_little();
    EXPECT_TRUE(a.results.empty());
    EXPECT_EQ(open_descriptors(), before - 1);
    char byte = 0;
    EXPECT_LE(::recv(client.get(), &byte, 1, 0), 0);  // ended or reset: nobody holds the other end
}

TEST_F(operations, accept_once_brings_one_connection_and_leaves_the_others_to_the_kernel) {
    std::uint16_t port = 0;
    auto listener = listen_on_loopback(port);
    make_nonblocking(listener);
    accepting a;
    a.once = true;
    std::vector<weft::unique_fd> clients, accepted;
    for (int i = 0; i < 3; ++i) clients.push_back(connect_to_loopback(port));
    for (std::size_t i = 0; i < 3; ++i) {
        a.over = false;
        submit(a, listener);
        turn_until([&] { return a.over; });
        turn_a_little();
        EXPECT_EQ(a.results.size(), i + 1);
        EXPECT_FALSE(a.is_submitted());
        accepted.emplace_back(a.results.back());
    }
    submit(a, listener);
    turn_a_little();
    EXPECT_EQ(a.results.size(), 3u);
    backend_->cancel(a);
    backend_->close(listener.release());
}

TEST_F(operations, connect_says_how_it_went) {
    std::uint16_t port = 0;
    auto listener = listen_on_loopback(port);
    for (const bool up : {true, false}) {
        if (!up) listener.reset();
        weft::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        connecting c;
        auto& to = reinterpret_cast<sockaddr_in&>(c.address);
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(port);
        c.address_bytes = sizeof to;
        submit(c, fd);
        turn_until([&] { return c.over; });
        EXPECT_EQ(c.results, std::deque<int>{up ? 0 : -ECONNREFUSED});
        backend_->close(fd.release());
    }
}

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

/// While it lives, only `count` more descriptors can be had.
class scarce_descriptors {
public:
    explicit scarce_descriptors(std::size_t count) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit low{.rlim_cur = 256, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
        for (int fd; (fd = ::dup(0)) >= 0;) taken_.emplace_back(fd);
        taken_.resize(taken_.size() - count);
    }
    ~scarce_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
    std::vector<weft::unique_fd> taken_;
};

TEST(server_out_of_descriptors, says_so_once_serves_the_others_and_recovers) {
    run([]() -> weft::task<> {
        std::vector<weft::error_context> reported;
        weft::get_running_loop().set_exception_handler(
            [&](weft::event_loop&, const weft::error_context& e) { reported.push_back(e); });
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto scarce = std::make_optional<scarce_descriptors>(3u);
        auto one = co_await weft::open_connection("127.0.0.1", server.port());
        co_await settle();
        auto two = co_await weft::open_connection("127.0.0.1", server.port());
        co_await settle();  // several pauses
        EXPECT_EQ(server.connections(), 1u);
        co_await one.write("served\n");
        EXPECT_EQ(co_await one.read_line(), "served");
        std::error_code refused;
        try {
            co_await weft::open_connection("127.0.0.1", server.port());
        } catch (const std::system_error& e) {
            refused = e.code();
        }
        co_await two.write("waiting\n");
        co_await one.close();
        EXPECT_EQ(co_await two.read_line(), "waiting");
        scarce.reset();  // UBSan's look at an exception object takes a descriptor
        EXPECT_EQ(refused, std::errc::too_many_files_open);
        EXPECT_EQ(reported.size(), 1u);
        EXPECT_THAT(
            weft::describe_exception(reported.at(0).exception),
            testing::AllOf(testing::HasSubstr("accept on 127.0.0.1:"), testing::HasSubstr("Too many open files")));
    });
}

TEST(server_out_of_descriptors, closed_while_it_pauses_stays_closed) {
    run([]() -> weft::task<> {
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        const scarce_descriptors one(1);
        auto client = co_await weft::open_connection("127.0.0.1", server.port());
        co_await weft::sleep(10ms);
        server.close();
        co_await server.wait_closed();
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
    });
}

TEST(server, of_ten_thousand_connections_opened_and_dropped_keeps_no_descriptor) {
    run([]() -> weft::task<> {
        // A reset in the middle of a line is reported; here it is meant.
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        const auto before = open_descriptors();
        const auto visit = [](std::uint16_t port, int i) -> weft::task<> {
            auto s = co_await weft::open_connection("127.0.0.1", port);
            if (i % 4 == 0) co_return;  // not a word
            if (i % 4 == 1) co_return s.abort();
            co_await s.write("hello\nand half a li");
            if (i % 4 == 2) co_await s.read_line();
        };
        for (int batch = 0; batch < 100; ++batch) {
            std::vector<weft::task<>> visits;
            for (int i = 0; i < 100; ++i) visits.push_back(visit(server.port(), i));
            co_await weft::gather(std::move(visits));
        }
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
        EXPECT_EQ(open_descriptors(), before);
    });
}

}  // namespace
