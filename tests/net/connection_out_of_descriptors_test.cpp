// SPDX-License-Identifier: Apache-2.0
// No descriptors for connections and servers: a clear error, nothing is left, and it works again.
#include "net/name_server.hpp"
#include "net/socket.hpp"
#include "without_descriptors.hpp"

#include <string>

using namespace weft_test;

namespace {

weft::task<> ignore(weft::stream) { co_return; }
std::string unix_name() { return "@weft-test-connection-out-of-descriptors-" + std::to_string(::getpid()); }

TEST(open_connection, without_descriptors_says_so) {
    std::uint16_t port = 0;
    const auto listener = listen_on_loopback(port, 100);
    const auto connect = [&]() -> weft::task<> { co_await weft::open_connection("127.0.0.1", port); };
    EXPECT_EQ(fail_each_descriptor(connect, "connect to 127.0.0.1:" + std::to_string(port)), 1u);
}

TEST(open_connection, without_descriptors_for_any_address_says_so) {
    std::uint16_t port = 0;
    const auto listener = listen_on_loopback(port, 100);
    const auto connect = [&]() -> weft::task<> {
        const name_server names({{"host.test", {"127.0.0.1", "127.0.0.3"}}});
        names.serve();
        co_await weft::open_connection("host.test", port);
    };
    EXPECT_EQ(fail_each_descriptor(connect, "connect to host.test:"), 1u);
}

TEST(open_unix_connection, without_descriptors_says_so) {
    const weft::unique_fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const weft::socket_address at = weft::unix_address("bind", unix_name());
    ASSERT_EQ(::bind(listener.get(), at.get(), at.bytes), 0);
    ASSERT_EQ(::listen(listener.get(), 100), 0);
    const auto connect = []() -> weft::task<> { co_await weft::open_unix_connection(unix_name()); };
    EXPECT_EQ(fail_each_descriptor(connect, "connect to " + unix_name()), 1u);
}

TEST(start_server, without_descriptors_says_so_and_serves_at_no_address) {
    const auto serve = []() -> weft::task<> {
        const std::vector<std::string> hosts{"127.0.0.1", "127.0.0.2"};
        const auto server = co_await weft::start_server(ignore, hosts, 0);
        EXPECT_EQ(server.addresses().size(), 2u);
    };
    EXPECT_EQ(fail_each_descriptor(serve, "socket for 127.0.0."), 2u);
}

TEST(create_server, without_descriptors_says_so) {
    const auto serve = []() -> weft::task<> {
        const auto factory = [] { return std::make_shared<weft::protocol>(); };
        co_await weft::create_server(factory, "::1", 7777);
    };
    EXPECT_EQ(fail_each_descriptor(serve, "socket for [::1]:7777: "), 1u);
}

TEST(start_unix_server, without_descriptors_says_so) {
    const auto serve = []() -> weft::task<> { co_await weft::start_unix_server(ignore, unix_name()); };
    EXPECT_EQ(fail_each_descriptor(serve, "socket for " + unix_name() + ": "), 1u);
}

}  // namespace
