// SPDX-License-Identifier: Apache-2.0
// Endpoints on sockets of the program's own: asyncio's sock=.
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"
#include "net/child.hpp"
#include "net/datagram_recorder.hpp"
#include "net/datagrams.hpp"

#include <weft/net/create_datagram_endpoint.hpp>

#include <gmock/gmock.h>
#include <sys/un.h>

#include <concepts>
#include <stdexcept>

using namespace weft_test;
using testing::HasSubstr;

namespace {

auto endpoint(diary& log, weft::unique_fd socket) {
    return weft::create_datagram_endpoint([&log] { return std::make_unique<datagram_recorder>(log); },
                                          std::move(socket));
}

template <class... Arguments>
concept is_endpoint = requires(std::unique_ptr<weft::datagram_protocol> (*make)(), Arguments... a) {
    weft::create_datagram_endpoint(make, std::move(a)...);
};
static_assert(is_endpoint<weft::unique_fd> && is_endpoint<weft::datagram_endpoint_options>);
static_assert(!is_endpoint<weft::unique_fd, weft::datagram_endpoint_options>, "which of them counts?");

TEST(a_datagram_endpoint_on_a_socket, has_what_comes_there_and_answers) {
    run([]() -> weft::task<> {
        diary left_log, right_log;
        weft::unique_fd bound = bound_datagram_socket(), unbound = plain_datagram_socket();
        const int number = bound.get();
        auto [left, left_protocol] = co_await endpoint(left_log, std::move(bound));
        auto [right, right_protocol] = co_await endpoint(right_log, std::move(unbound));
        EXPECT_EQ(left.descriptor(), number);
        EXPECT_NE(::fcntl(number, F_GETFL) & O_NONBLOCK, 0);
        EXPECT_NE(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
        EXPECT_NE(left.local().port, 0);
        EXPECT_EQ(left.peer(), weft::address());
        EXPECT_THROW(left.send("to whom?"), std::invalid_argument);
        right.send_to("one", left.local());  // which is when it gets a port
        right.send_to("", left.local());
        co_await settle();
        EXPECT_EQ(left_log.next(), "made <one> <>");
        EXPECT_EQ(left_protocol->from, (weft::address{"127.0.0.1", right.local().port}));
        left.send_to("answer", left_protocol->from);
        co_await settle();
        EXPECT_EQ(right_log.next(), "made <answer>");
        left.close();
        right.abort();
        co_await weft::gather(left.wait_closed(), right.wait_closed());
        EXPECT_EQ(left_log.next() + right_log.next(), "lostlost");
        EXPECT_EQ(::fcntl(number, F_GETFD), -1);
    });
}

TEST(a_datagram_endpoint_on_a_socket, that_is_connected_has_that_peer) {
    run([]() -> weft::task<> {
        diary left_log, right_log;
        weft::unique_fd bound = bound_datagram_socket(), connected = plain_datagram_socket();
        connect_to_name_of(bound, connected);
        EXPECT_EQ(::send(connected.get(), "early", 5, 0), 5);
        auto [left, left_protocol] = co_await endpoint(left_log, std::move(bound));
        auto [right, right_protocol] = co_await endpoint(right_log, std::move(connected));
        EXPECT_EQ(right.peer(), left.local());
        right.send("one");
        right.send_to("two", left.local());
        EXPECT_THROW(right.send_to("x", {"127.0.0.1", 9}), std::invalid_argument);
        co_await settle();
        EXPECT_EQ(left_log.next(), "made <early> <one> <two>");
        EXPECT_EQ(left_protocol->from, right.local());
        left.close();
        co_await left.wait_closed();
        right.send("three");
        co_await settle();
        EXPECT_EQ(right_log.next(), "made error:" + std::to_string(ECONNREFUSED));
        right.close();
    });
}

TEST(a_datagram_endpoint_on_a_socket, of_a_pair_sends_to_a_peer_without_a_name) {
    run([]() -> weft::task<> {
        diary left_log, right_log;
        datagram_pair pair = make_datagram_pair();
        auto [left, left_protocol] = co_await endpoint(left_log, std::move(pair.one));
        auto [right, right_protocol] = co_await endpoint(right_log, std::move(pair.other));
        EXPECT_EQ(left.peer(), weft::address());
        left.send("one");
        co_await settle();
        EXPECT_EQ(right_log.next(), "made <one>");
        right.send_to("answer", right_protocol->from);
        EXPECT_THROW(right.send_to("x", {"@somebody"}), std::invalid_argument);
        co_await settle();
        EXPECT_EQ(left_log.next(), "made <answer>");
        left.close();
        right.close();
    });
}

TEST(a_datagram_endpoint_on_a_socket, of_the_unix_family_leaves_its_file_alone) {
    const temporary_folder folder;
    const std::string path = folder / "socket";
    run([&]() -> weft::task<> {
        diary left_log, right_log;
        weft::unique_fd bound = plain_datagram_socket(AF_UNIX);
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, sizeof at.sun_path - 1);
        EXPECT_EQ(::bind(bound.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
        auto [left, left_protocol] = co_await endpoint(left_log, std::move(bound));
        auto [right, right_protocol] = co_await endpoint(right_log, plain_datagram_socket(AF_UNIX));
        EXPECT_EQ(left.local(), weft::address{path});
        right.send_to("one", {path});
        co_await settle();
        EXPECT_EQ(left_log.next(), "made <one>");
        EXPECT_EQ(left_protocol->from, weft::address());
        left.close();
        right.close();
        co_await left.wait_closed();
        EXPECT_TRUE(std::filesystem::exists(path));
    });
}

TEST(a_datagram_endpoint_on_a_socket, of_ipv6_has_an_ipv6_sender) {
    weft::unique_fd socket = plain_datagram_socket(AF_INET6);
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_addr = in6addr_loopback;
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) GTEST_SKIP() << "no IPv6";
    run([&]() -> weft::task<> {
        diary left_log, right_log;
        auto [left, left_protocol] = co_await endpoint(left_log, std::move(socket));
        auto [right, right_protocol] = co_await endpoint(right_log, plain_datagram_socket(AF_INET6));
        right.send_to("six", left.local());
        co_await settle();
        EXPECT_EQ(left_log.next(), "made <six>");
        EXPECT_EQ(left_protocol->from.host, "::1");
        left.close();
        right.close();
    });
}

TEST(a_datagram_endpoint_on_a_socket, has_raw_packets_of_any_family) {
    weft::unique_fd netlink(::socket(AF_NETLINK, SOCK_RAW, 0));
    if (!netlink) GTEST_SKIP() << "no netlink";
    run([&]() -> weft::task<> {
        diary log;
        auto [transport, protocol] = co_await endpoint(log, std::move(netlink));
        EXPECT_EQ(transport.local(), weft::address());
        transport.close();
        co_await transport.wait_closed();
        EXPECT_EQ(log.next(), "made lost");
    });
}

TEST(create_datagram_endpoint_on_a_socket, refuses_what_has_no_datagrams_and_closes_it) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        diary log;
        for (no_datagram_socket& each : no_datagram_sockets()) {
            try {
                co_await endpoint(log, std::move(each.fd));
                ADD_FAILURE() << each.why;
            } catch (const std::invalid_argument& e) {
                EXPECT_THAT(e.what(), HasSubstr("create_datagram_endpoint: descriptor "));
                EXPECT_THAT(e.what(), HasSubstr(each.why));
            }
        }
        EXPECT_EQ(log.next(), "");
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(create_datagram_endpoint_on_a_socket, refuses_one_that_is_watched) {
    run([]() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        diary log;
        weft::unique_fd socket = bound_datagram_socket();
        const int fd = socket.get();
        loop.add_writer(fd, [] {});
        try {
            co_await endpoint(log, std::move(socket));
            ADD_FAILURE();
        } catch (const weft::invalid_state_error& e) {
            EXPECT_THAT(e.what(),
                        HasSubstr("create_datagram_endpoint: descriptor " + std::to_string(fd) + " is watched"));
        }
        EXPECT_FALSE(loop.remove_writer(fd));
        EXPECT_EQ(log.next(), "");
    });
}

TEST(create_datagram_endpoint_on_a_socket, closes_it_where_the_factory_fails_or_nobody_awaits) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        const auto throws = []() -> std::unique_ptr<weft::datagram_protocol> { throw std::domain_error("not today"); };
        const auto gives_nothing = [] { return std::shared_ptr<weft::datagram_protocol>(); };
        EXPECT_THROW(co_await weft::create_datagram_endpoint(throws, bound_datagram_socket()), std::domain_error);
        EXPECT_THROW(co_await weft::create_datagram_endpoint(gives_nothing, bound_datagram_socket()),
                     std::invalid_argument);
        {
            const auto never_awaited = weft::create_datagram_endpoint(throws, bound_datagram_socket());
        }
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(create_datagram_endpoint_on_a_socket, cancelled_or_destroyed_before_it_is_made_closes_it) {
    const auto before = open_descriptors();
    run([]() -> weft::task<> {
        diary log;
        auto opening = weft::create_task(endpoint(log, bound_datagram_socket()));
        co_await weft::yield_now();
        EXPECT_TRUE(opening.cancel());
        EXPECT_THROW(co_await std::move(opening), weft::cancelled_error);
        co_await settle();
        EXPECT_THAT(log.next(), testing::AnyOf("", "made lost"));
    });
    {
        diary log;
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto opening = weft::create_task_on(loop, endpoint(log, bound_datagram_socket()), std::source_location());
        loop.run_once();
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(a_datagram_endpoint_on_a_socket, talks_to_asyncios_on_a_socket_that_it_was_given) {
    if (!is_installed("python3")) GTEST_SKIP() << "no python3";
    weft::unique_fd ours = bound_datagram_socket(), theirs = bound_datagram_socket();
    connect_to_name_of(ours, theirs);
    connect_to_name_of(theirs, ours);
    auto program = python(R"(
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, t): self.transport = t
    def datagram_received(self, data, addr):
        self.transport.sendto(data[::-1])
        if data == b"quit": done.set_result(None)
async def main():
    global done
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(Echo, sock=socket.socket(fileno=int(sys.argv[1])))
    await asyncio.wait_for(done, 20)
    transport.close()
asyncio.run(main())
)");
    program.push_back(std::to_string(theirs.get()));
    child asyncio(program);
    theirs.reset();
    diary log;
    weft::run([&]() -> weft::task<> {
        auto [transport, protocol] = co_await endpoint(log, std::move(ours));
        transport.send("abc");
        transport.send("quit");
        while (!log.text.contains("<tiuq>")) co_await weft::sleep(std::chrono::milliseconds(1));
        transport.close();
        co_await transport.wait_closed();
    }());
    EXPECT_EQ(log.next(), "made <cba> <tiuq> lost");
    EXPECT_EQ(asyncio.finish(), 0);
}

}  // namespace
