// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of connecting: an error or a connection, nothing is left, and it works again.
#include "net/faulty_network.hpp"
#include "net/greeting.hpp"
#include "net/name_server.hpp"

#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

std::string unix_name() { return "@weft-test-connection-out-of-memory-" + std::to_string(::getpid()); }

/// An address that is refused for another reason hides that there was no memory for the next one.
weft::task<weft::stream> connect_to_any_of(std::string host, weft::connect_options options, std::uint16_t port) {
    try {
        co_return co_await weft::open_connection(host, port, std::move(options));
    } catch (const weft::connect_error& e) {
        const auto for_memory = [](const auto& f) { return f.error == std::errc::not_enough_memory; };
        if (std::ranges::any_of(e.failures(), for_memory)) throw std::bad_alloc();
        throw;
    }
}
weft::task<> be_greeted_by_any_of(std::vector<std::string> addresses, weft::connect_options options = {}) {
    const std::string host = "a-host-whose-name-is-long.test";
    const name_server names({{host, std::move(addresses)}});
    names.serve();
    auto server = co_await weft::start_server(greet, "127.0.0.1", 0);
    options.happy_eyeballs_delay = std::chrono::milliseconds(1);
    co_await be_greeted(co_await connect_to_any_of(host, std::move(options), server.port()));
}

TEST(open_connection, without_memory_connects_to_the_next_address_or_says_so) {
    const auto connect = [] { return be_greeted_by_any_of({"::1", "127.0.0.3", "127.0.0.1"}); };
    EXPECT_GT(fail_each_allocation(connect), 20u);
}

/// The silent one is waited for where there was no memory for the other.
weft::task<> be_greeted_beside_a_silent_address() {
    const bool all_is_well = failing_allocation == no_allocation;
    try {
        weft::connect_options options;
        options.timeout = std::chrono::milliseconds(all_is_well ? 10'000 : 100);
        co_await be_greeted_by_any_of({"127.0.0.2", "127.0.0.1"}, std::move(options));
    } catch (const weft::timeout_error&) {
        if (all_is_well) throw;
    }
}

TEST(open_connection, without_memory_beside_a_silent_address_connects_to_the_next_one_or_says_so) {
    network_weather weather{.silent = {"127.0.0.2"}};
    weather.attempts.reserve(100);  // so that it is not these that fail
    weather.given_up.reserve(100);
    const auto run_in_silence = [&](auto main) {
        weather.attempts.clear();
        weather.given_up.clear();
        auto loop = std::make_unique<weft::event_loop>(std::make_unique<faulty_network>(weather));
        return weft::runner(std::move(loop), {.handle_sigint = false}).run_and_close(std::move(main));
    };
    EXPECT_GT(fail_each_allocation(be_greeted_beside_a_silent_address, run_in_silence), 20u);
    EXPECT_FALSE(weather.given_up.empty());
}

TEST(open_connection, without_memory_from_an_address_of_ones_own_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        auto server = co_await weft::start_server(greet, "127.0.0.1", 0);
        weft::connect_options options{.local = weft::address{"127.0.0.1", 0}, .timeout = std::chrono::seconds(5)};
        co_await be_greeted(co_await weft::open_connection("127.0.0.1", server.port(), std::move(options)));
    });
    EXPECT_GT(allocations_made, 10u);
}

TEST(open_connection, without_memory_on_a_connected_socket_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        sockets ends = connect_sockets();
        co_await greet(co_await weft::open_connection(std::move(ends.server)));
        co_await be_greeted(co_await weft::open_connection(std::move(ends.client)));
    });
    EXPECT_GT(allocations_made, 4u);
}

TEST(open_unix_connection, without_memory_connects_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        auto server = co_await weft::start_unix_server(greet, unix_name());
        co_await be_greeted(co_await weft::open_unix_connection(unix_name()));
        server.close();
    });
    EXPECT_GT(allocations_made, 10u);
}

/// @param connect  makes a client's connection to a server that greets
template <class Client, class Connect>
weft::task<> be_greeted_by_protocol(Connect connect) {
    auto made = co_await connect([] { return std::make_shared<Client>(); });
    co_await made.protocol->lost.wait();
    expect_greeting(made.protocol->text);
}

/// A client with a protocol of this kind.
template <class Client>
void create_connections_without_memory() {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        auto server = co_await weft::create_server([] { return std::make_shared<greeting>(); }, "127.0.0.1", 0);
        co_await be_greeted_by_protocol<Client>(
            [&](auto make) { return weft::create_connection(make, "127.0.0.1", server.port()); });
    });
    EXPECT_GT(allocations_made, 10u);
}

TEST(create_connection, without_memory_connects_or_says_so) { create_connections_without_memory<greeted>(); }
TEST(create_connection, without_memory_with_a_buffered_protocol_connects_or_says_so) {
    create_connections_without_memory<greeted_in_memory_of_its_own>();
}

TEST(create_unix_connection, without_memory_connects_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        auto server = co_await weft::create_unix_server([] { return std::make_shared<greeting>(); }, unix_name());
        co_await be_greeted_by_protocol<greeted>(
            [](auto make) { return weft::create_unix_connection(make, unix_name()); });
    });
    EXPECT_GT(allocations_made, 10u);
}

TEST(serve_protocol, without_memory_serves_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        sockets ends = connect_sockets();
        auto server = co_await weft::open_connection(std::move(ends.server));
        auto client = co_await weft::open_connection(std::move(ends.client));
        co_await weft::serve_protocol(std::move(server), std::make_shared<greeting>());
        const auto heard = std::make_shared<greeted_in_memory_of_its_own>();
        co_await weft::serve_protocol(std::move(client), heard);
        expect_greeting(heard->text);
    });
    EXPECT_GT(allocations_made, 5u);
}

TEST(resolve, without_memory_looks_up_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        const name_server names({{"a-host-whose-name-is-long.test", {"::1", "127.0.0.1"}}});
        names.serve();
        const auto found = co_await weft::resolve("a-host-whose-name-is-long.test", 80);
        EXPECT_EQ(found.size(), 2u);
        const auto name = co_await weft::getnameinfo(weft::address{"127.0.0.1", 80});
        EXPECT_EQ(name.host, "a-host-whose-name-is-long.test");
    });
    EXPECT_GT(allocations_made, 10u);
}

#endif

}  // namespace
