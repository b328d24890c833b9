// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of connecting: an error or a connection, nothing is left, and it works again.
#include "net/name_server.hpp"
#include "without_memory.hpp"

#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

weft::task<> greet(weft::stream s) {
    co_await s.write("hello");
    co_await s.close();
}
std::string unix_name() { return "@weft-test-connection-out-of-memory-" + std::to_string(::getpid()); }

weft::task<> be_greeted(weft::stream s) {
    const std::string text = co_await s.read_all();
    if (text != "hello") throw std::system_error(ECONNRESET, std::generic_category(), "no greeting");
}

/// An address that is refused for another reason hides that there was no memory for the next one.
weft::task<weft::stream> connect_to_any_of(std::string host, std::uint16_t port) {
    try {
        co_return co_await weft::open_connection(host, port, {.happy_eyeballs_delay = std::chrono::milliseconds(1)});
    } catch (const weft::connect_error& e) {
        const auto for_memory = [](const auto& f) { return f.error == std::errc::not_enough_memory; };
        if (std::ranges::any_of(e.failures(), for_memory)) throw std::bad_alloc();
        throw;
    }
}

TEST(open_connection, without_memory_connects_to_the_next_address_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        const name_server names({{"a-host-whose-name-is-long.test", {"::1", "127.0.0.3", "127.0.0.1"}}});
        names.serve();
        auto server = co_await weft::start_server(greet, "127.0.0.1", 0);
        co_await be_greeted(co_await connect_to_any_of("a-host-whose-name-is-long.test", server.port()));
    });
    EXPECT_GT(allocations_made, 20u);
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

/// Answers once, and goes.
struct greeting : weft::protocol {
    void connection_made(weft::transport t) override {
        try {
            t.write("hello");
            t.close();
        } catch (...) {  // it would stay open, as in asyncio
            t.abort();
            throw;
        }
    }
};
struct greeted : weft::protocol {
    void data_received(std::span<const std::byte> data) override { text += weft::as_text(data); }
    void connection_lost(std::exception_ptr error) override {
        expect_want_of_memory(error);
        lost.set();
    }
    std::string text;
    weft::event lost;
};

TEST(create_connection, without_memory_connects_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        auto server = co_await weft::create_server([] { return std::make_shared<greeting>(); }, "127.0.0.1", 0);
        auto made =
            co_await weft::create_connection([] { return std::make_shared<greeted>(); }, "127.0.0.1", server.port());
        co_await made.protocol->lost.wait();
        if (made.protocol->text != "hello") throw std::system_error(ECONNRESET, std::generic_category(), "no greeting");
    });
    EXPECT_GT(allocations_made, 10u);
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
