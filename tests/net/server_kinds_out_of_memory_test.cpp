// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of making a server in one way or another and of being served: an error or none, nothing is
// left, and it works again.
#include "net/greeting.hpp"
#include "net/name_server.hpp"

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

weft::task<> be_greeted_at(const weft::address& at) {
    co_await be_greeted(co_await weft::open_connection(at.host, at.port));
}

TEST(start_server_on, without_memory_serves_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        std::uint16_t port = 0;
        std::vector<weft::listening_socket> sockets;
        sockets.push_back({listen_on_loopback(port), "a socket that has a long name"});
        sockets.push_back({listen_on_loopback(port), "another one"});
        auto server = co_await weft::start_server_on(greet, std::move(sockets));
        for (const weft::address& each : server.addresses()) co_await be_greeted_at(each);
        server.close();
        co_await server.wait_closed();
    });
    EXPECT_GT(allocations_made, 20u);
}

TEST(a_server_on_several_addresses, without_memory_serves_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        const name_server names({{"a-host-whose-name-is-long.test", {"127.0.0.2", "127.0.0.3"}}});
        names.serve();
        std::vector<std::string> hosts{"127.0.0.1", "a-host-whose-name-is-long.test"};
        auto server = co_await weft::start_server(greet, std::move(hosts), 0);
        EXPECT_EQ(server.addresses().size(), 3u);
        for (const weft::address& each : server.addresses()) co_await be_greeted_at(each);
    });
    EXPECT_GT(allocations_made, 20u);
}

TEST(a_server_of_few_connections, without_memory_serves_one_after_the_other_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        auto server = co_await weft::start_server(greet, "127.0.0.1", 0, {.max_connections = 1});
        auto first = co_await weft::open_connection("127.0.0.1", server.port());
        auto second = co_await weft::open_connection("127.0.0.1", server.port());
        auto third = co_await weft::open_connection("127.0.0.1", server.port());
        for (weft::stream* const each : {&first, &second, &third}) co_await be_greeted(std::move(*each));
    });
    EXPECT_GT(allocations_made, 15u);
}

#endif

}  // namespace
