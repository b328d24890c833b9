// SPDX-License-Identifier: Apache-2.0
#include <weft/net/datagram_socket.hpp>

#include "net/datagrams.hpp"

#include <sys/resource.h>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;
using weft::datagram_socket;

namespace {

TEST(datagram_socket, datagrams_come_whole_with_whom_they_are_from) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        auto b = co_await on_loopback();
        co_await a.send_to("one", b.local());
        co_await a.send_to("", b.local());
        co_await a.send_to(std::string(65'507, 'x'), b.local());
        for (const std::size_t length : {3u, 0u, 65'507u}) {
            const weft::datagram d = co_await b.receive_from();
            EXPECT_EQ(d.bytes.size(), length);
            EXPECT_EQ(d.sent_bytes, length);
            EXPECT_FALSE(d.is_truncated());
            EXPECT_EQ(d.from, a.local());
        }
        EXPECT_EQ(a.local().host, "127.0.0.1");
        EXPECT_NE(a.local().port, 0);
        EXPECT_EQ(a.peer(), weft::address());
    });
}

TEST(datagram_socket, whose_descriptor_is_not_for_add_reader_goes_on_receiving) {
    run([]() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        auto a = co_await on_loopback();
        auto b = co_await on_loopback();
        EXPECT_THROW(loop.add_reader(b.descriptor(), [] {}), weft::invalid_state_error);  // nothing is under way
        const auto receive = [](datagram_socket& s) -> weft::task<std::string> {
            co_return (co_await s.receive_from()).bytes;
        };
        auto waiting = weft::create_task(receive(b));
        co_await settle();
        EXPECT_THROW(loop.add_reader(b.descriptor(), [] {}), weft::invalid_state_error);
        EXPECT_THROW(loop.add_writer(b.descriptor(), [] {}), weft::invalid_state_error);
        co_await a.send_to("hello", b.local());
        EXPECT_EQ(co_await waiting, "hello");
    });
}

TEST(datagram_socket, a_receive_that_waits_is_woken) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        auto b = co_await on_loopback();
        const auto receive = [](datagram_socket& s) -> weft::task<std::string> {
            auto d = co_await s.receive_from();
            co_await s.send_to("re: " + d.bytes, d.from);
            co_return d.bytes;
        };
        auto waiting = weft::create_task(receive(b));
        co_await settle();
        co_await a.send_to("hello", b.local());
        EXPECT_EQ(co_await waiting, "hello");
        EXPECT_EQ((co_await a.receive_from()).bytes, "re: hello");
    });
}

TEST(datagram_socket, connected_sends_to_its_peer_and_hears_nobody_else) {
    run([]() -> weft::task<> {
        auto server = co_await on_loopback();
        auto other = co_await on_loopback();
        auto client = co_await datagram_socket::connect("localhost", server.local().port);
        EXPECT_EQ(client.peer(), server.local());
        co_await client.send("hello");
        EXPECT_EQ((co_await server.receive_from()).from, client.local());
        co_await other.send_to("not you", client.local());
        co_await server.send_to("you", client.local());
        const auto d = co_await client.receive_from();
        EXPECT_EQ(d.bytes, "you");
        EXPECT_EQ(d.from, server.local());
    });
}

TEST(datagram_socket, bound_may_be_connected_later) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        auto b = co_await on_loopback();
        EXPECT_THAT(co_await error_of(a.send("x"), std::errc::destination_address_required), HasSubstr("send 1 bytes"));
        const auto was = a.local();
        co_await a.connect(b.local());
        EXPECT_EQ(a.local(), was);
        co_await a.send("x");
        EXPECT_EQ((co_await b.receive_from()).from, was);
        auto c =
            co_await datagram_socket::connect("127.0.0.1", b.local().port, {.local = weft::address{"127.0.0.3", 0}});
        EXPECT_EQ(c.local().host, "127.0.0.3");
    });
}

TEST(datagram_socket, over_ipv6) {
    run([]() -> weft::task<> {
        datagram_socket a;
        try {
            a = co_await datagram_socket::bind("::1", 0);
        } catch (const std::system_error& e) {
            std::printf("no IPv6 here: %s\n", e.what());
            co_return;
        }
        auto b = co_await datagram_socket::connect("::1", a.local().port);
        co_await b.send("six");
        const auto d = co_await a.receive_from();
        EXPECT_EQ(d.from.to_string(), "[::1]:" + std::to_string(b.local().port));
        co_await a.send_to("seven", d.from);
        EXPECT_EQ((co_await b.receive_from()).bytes, "seven");
        EXPECT_THROW(co_await a.send_to("x", {"127.0.0.1", 9}), std::system_error);
    });
}

TEST(datagram_socket, what_does_not_fit_is_reported) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        auto b = co_await on_loopback({.max_bytes = 4});
        co_await a.send_to("123456", b.local());
        co_await a.send_to("1234", b.local());
        const auto cut = co_await b.receive_from();
        EXPECT_EQ(cut.bytes, "1234");
        EXPECT_EQ(cut.sent_bytes, 6u);
        EXPECT_TRUE(cut.is_truncated());
        EXPECT_FALSE((co_await b.receive_from()).is_truncated());

        std::array<std::byte, 2> small;
        co_await a.send_to("12", b.local());
        co_await a.send_to("123", b.local());
        const auto fits = co_await b.receive_from(small);
        EXPECT_EQ(fits.bytes, 2u);
        EXPECT_EQ(fits.from, a.local());
        EXPECT_FALSE(fits.is_truncated());
        const auto too_long = co_await b.receive_from(small);
        EXPECT_EQ(too_long.bytes, 2u);
        EXPECT_EQ(too_long.sent_bytes, 3u);
        EXPECT_TRUE(too_long.is_truncated());
        EXPECT_THROW(co_await on_loopback({.max_bytes = 0}), std::invalid_argument);
    });
}

TEST(datagram_socket, too_long_a_message_is_an_error_that_says_so) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        EXPECT_THAT(co_await error_of(a.send_to(std::string(70'000, 'x'), a.local()), std::errc::message_size),
                    HasSubstr("send 70000 bytes to " + a.local().to_string() + ": Message too long"));
        co_await a.send_to("short", a.local());
        EXPECT_EQ((co_await a.receive_from()).bytes, "short");
    });
}

TEST(datagram_socket, a_port_where_nobody_listens_is_heard_of_and_the_socket_goes_on) {
    run([]() -> weft::task<> {
        auto gone = co_await on_loopback();
        const auto port = gone.local().port;
        gone.close();
        auto a = co_await datagram_socket::connect("127.0.0.1", port);
        co_await a.send("anybody?");
        EXPECT_THAT(co_await error_of(a.receive_from(), std::errc::connection_refused),
                    HasSubstr("receive at " + a.local().to_string()));
        co_await a.send("anybody?");
        co_await settle();
        co_await error_of(a.send("still nobody?"), std::errc::connection_refused);
        auto back = co_await datagram_socket::bind("127.0.0.1", port);
        co_await a.send("there you are");
        EXPECT_EQ((co_await back.receive_from()).bytes, "there you are");
        co_await back.send_to("yes", a.local());
        EXPECT_EQ((co_await a.receive_from()).bytes, "yes");
    });
}

TEST(datagram_socket, sent_to_where_nobody_listens_goes_on) {
    run([]() -> weft::task<> {
        auto gone = co_await on_loopback();
        const auto nowhere = gone.local();
        gone.close();
        auto a = co_await on_loopback();
        auto b = co_await on_loopback();
        const auto receive = [](datagram_socket& s) -> weft::task<std::string> {
            co_return (co_await s.receive_from()).bytes;
        };
        auto waiting = weft::create_task(receive(a));
        co_await a.send_to("c", nowhere);
        co_await settle();
        EXPECT_FALSE(waiting.done());
        co_await b.send_to("d", a.local());
        EXPECT_EQ(co_await waiting, "d");
    });
}

TEST(datagram_socket, addresses_of_two_families_are_refused) {
    run([]() -> weft::task<> {
        EXPECT_THROW(co_await datagram_socket::connect("127.0.0.1", 9, {.local = weft::address{"::1", 0}}),
                     std::system_error);
        EXPECT_THROW(co_await datagram_socket::connect("127.0.0.1", 9, {.local = weft::address{"/tmp/x", 0}}),
                     std::system_error);
    });
}

TEST(datagram_socket, options_are_set_if_asked_for_only) {
    run([]() -> weft::task<> {
        const auto get = [](const datagram_socket& s, int option) {
            int value = -1;
            socklen_t size = sizeof value;
            ::getsockopt(s.descriptor(), SOL_SOCKET, option, &value, &size);
            return value;
        };
        auto plain = co_await on_loopback();
        for (const int option : {SO_REUSEPORT, SO_REUSEADDR, SO_BROADCAST}) EXPECT_EQ(get(plain, option), 0);
        auto all = co_await on_loopback(
            {.broadcast = true, .reuse_port = true, .receive_buffer_bytes = 10'000, .send_buffer_bytes = 20'000});
        EXPECT_EQ(get(all, SO_REUSEPORT), 1);
        EXPECT_EQ(get(all, SO_REUSEADDR), 0);
        EXPECT_EQ(get(all, SO_BROADCAST), 1);
        EXPECT_EQ(get(all, SO_RCVBUF), 20'000);  // Linux doubles what it is told, for its own needs
        EXPECT_EQ(get(all, SO_SNDBUF), 40'000);
    });
}

TEST(datagram_socket, without_descriptors_is_an_error) {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    run([&]() -> weft::task<> {
        auto a = co_await on_loopback();
        const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
        auto opening = on_loopback();
        const auto said = co_await error_of(std::move(opening), std::errc::too_many_files_open);
        ::setrlimit(RLIMIT_NOFILE, &before);
        EXPECT_THAT(said, HasSubstr("datagram socket"));
        co_await a.send_to("x", a.local());
        EXPECT_EQ((co_await a.receive_from()).bytes, "x");
    });
}

TEST(datagram_socket, broadcast_needs_its_option) {
    run([]() -> weft::task<> {
        auto a = co_await datagram_socket::bind("", 0);
        EXPECT_EQ(a.local().host, "0.0.0.0");
        EXPECT_THAT(co_await error_of(a.send_to("x", {"255.255.255.255", 9}), std::errc::permission_denied),
                    HasSubstr("needs the option broadcast"));
        auto b = co_await datagram_socket::bind("", 0, {.broadcast = true});
        try {
            co_await b.send_to("x", {"127.255.255.255", a.local().port});
        } catch (const std::system_error& e) {
            std::printf("no broadcast here: %s\n", e.what());
            co_return;
        }
        EXPECT_EQ((co_await a.receive_from()).bytes, "x");
    });
}

TEST(datagram_socket, multicast_reaches_all_who_joined) {
    run([]() -> weft::task<> {
        auto a = co_await datagram_socket::bind("", 0, {.reuse_address = true});
        auto b = co_await datagram_socket::bind("", a.local().port, {.reuse_address = true});
        auto sender = co_await on_loopback();
        const weft::address group{"239.255.77.88", a.local().port};
        try {
            for (auto* s : {&a, &b}) s->join_multicast(group.host, "127.0.0.1");
            sender.set_multicast_interface("lo");
            sender.set_multicast_ttl(0);
            co_await sender.send_to("all", group);
        } catch (const std::system_error& e) {
            std::printf("no multicast here: %s\n", e.what());
            co_return;
        }
        EXPECT_EQ((co_await a.receive_from()).bytes, "all");
        EXPECT_EQ((co_await b.receive_from()).bytes, "all");
        b.leave_multicast(group.host, "127.0.0.1");
        sender.set_multicast_loopback(true);
        co_await sender.send_to("some", group);
        EXPECT_EQ((co_await a.receive_from()).bytes, "some");
        EXPECT_THROW(
            co_await weft::wait_for(
                weft::create_task([](datagram_socket& s) -> weft::task<> { co_await s.receive_from(); }(b)), 1s),
            weft::timeout_error);
        EXPECT_THROW(a.join_multicast("127.0.0.1"), std::system_error);
        EXPECT_THROW(a.join_multicast("a group"), std::invalid_argument);
        EXPECT_THROW(a.join_multicast(group.host, "no-such-if"), std::system_error);
        EXPECT_THROW(a.set_multicast_ttl(256), std::invalid_argument);
    });
}

TEST(datagram_socket, multicast_over_ipv6) {
    run([]() -> weft::task<> {
        datagram_socket a, b;
        try {
            a = co_await datagram_socket::bind("::", 0);
            b = co_await datagram_socket::bind("::1", 0);
            a.join_multicast("ff01::77", "lo");
            b.set_multicast_interface("lo");
            b.set_multicast_ttl(1);
            b.set_multicast_loopback(true);
            co_await b.send_to("six", {"ff01::77%lo", a.local().port});
        } catch (const std::system_error& e) {
            std::printf("no IPv6 multicast here: %s\n", e.what());
            co_return;
        }
        EXPECT_EQ((co_await a.receive_from()).bytes, "six");
        a.leave_multicast("ff01::77", "lo");
    });
}

TEST(datagram_socket, ports_are_shared_by_option_only) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        try {
            co_await datagram_socket::bind("127.0.0.1", a.local().port);
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::address_in_use);
            EXPECT_THAT(e.what(), HasSubstr("bind " + a.local().to_string()));
        }
        auto b = co_await on_loopback({.reuse_port = true});
        auto c = co_await datagram_socket::bind("127.0.0.1", b.local().port, {.reuse_port = true});
        EXPECT_EQ(b.local(), c.local());
    });
}

TEST(datagram_socket, what_is_no_address_is_refused) {
    run([]() -> weft::task<> {
        EXPECT_THROW(co_await datagram_socket::bind("no such name", 1), weft::resolve_error);
        EXPECT_THROW(co_await datagram_socket::connect("", 1), std::invalid_argument);
        EXPECT_THROW(co_await datagram_socket::bind_unix(""), std::invalid_argument);
        EXPECT_THROW(co_await datagram_socket::bind_unix("/" + std::string(200, 'x')), std::system_error);
        auto a = co_await on_loopback();
        EXPECT_THROW(co_await a.send_to("x", {"nowhere", 1}), std::invalid_argument);
        EXPECT_THROW(co_await a.send_to("x", {}), std::invalid_argument);
        EXPECT_THROW(co_await a.send_to("x", {"/tmp/a.sock", 0}), std::system_error);
        EXPECT_THROW(co_await datagram_socket::connect_unix("/nonexistent/x"), std::system_error);
    });
}

}  // namespace
