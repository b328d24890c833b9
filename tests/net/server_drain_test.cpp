// SPDX-License-Identifier: Apache-2.0
// How a server ends: what it waits for, and for how long.
#include "io/operations.hpp"

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

weft::task<weft::stream> visit(const weft::server& server) {
    auto s = co_await weft::open_connection("127.0.0.1", server.port());
    co_await s.write("hello\n");
    co_await s.read_line();
    co_return s;
}

weft::clock::time_point now() { return weft::get_running_loop().time(); }

TEST(server_drain, past_its_timeout_cancels_the_handlers_and_waits_for_them) {
    run([]() -> weft::task<> {
        bool cleaned_up = false;
        const auto stubborn = [&cleaned_up](weft::stream s) -> weft::task<> {
            try {
                while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
            } catch (const weft::cancelled_error&) {
                cleaned_up = true;
            }
            co_await weft::sleep(5s);  // what cleaning up takes
        };
        auto server = co_await weft::start_server(stubborn, "127.0.0.1", 0, {.drain_timeout = 10s});
        auto serving = weft::create_task(server.serve_forever());
        auto client = co_await visit(server);
        const auto began = now();
        serving.cancel();
        co_await serving;
        EXPECT_EQ(now() - began, 15s);
        EXPECT_TRUE(cleaned_up);
        EXPECT_EQ(server.connections(), 0u);
        EXPECT_EQ(co_await client.read_all(), "");
    });
}

TEST(server_drain, ends_when_the_last_handler_has_and_its_timeout_does_no_harm_later) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0, {.drain_timeout = 10s});
        auto serving = weft::create_task(server.serve_forever());
        auto client = co_await visit(server);
        const auto began = now();
        serving.cancel();
        co_await weft::sleep(3s);
        co_await client.close();
        co_await serving;
        EXPECT_EQ(now() - began, 3s);
        co_await weft::sleep(1h);
    });
}

TEST(server_drain, without_a_timeout_waits_for_ever) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto serving = weft::create_task(server.serve_forever());
        auto client = co_await visit(server);
        serving.cancel();
        co_await weft::sleep(1000h);
        EXPECT_FALSE(serving.done());
        co_await client.close();
        co_await serving;
    });
}

TEST(server_drain, a_second_cancellation_does_not_wait_but_the_deadline_stands) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0, {.drain_timeout = 10s});
        auto serving = weft::create_task(server.serve_forever());
        auto client = co_await visit(server);
        serving.cancel();
        co_await weft::sleep(1s);
        serving.cancel();
        EXPECT_THROW(co_await serving, weft::cancelled_error);
        EXPECT_EQ(server.connections(), 1u);
        co_await weft::sleep(10s);
        EXPECT_EQ(server.connections(), 0u);
    });
}

TEST(server_drain, a_loop_that_closes_while_it_lasts) {
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const auto main = []() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0, {.drain_timeout = 1h});
        auto serving = weft::create_task(server.serve_forever());
        auto client = co_await visit(server);
        serving.cancel();
        co_await weft::yield_now();
        co_await weft::yield_now();
        const auto keep = [](weft::server s, weft::stream c) -> weft::task<> {
            co_await s.wait_closed();
            c.abort();
        };
        weft::spawn(keep(std::move(server), std::move(client)));
        co_await weft::yield_now();
    };
    loop.run_until_complete(main());
    loop.close();
}

TEST(server_context, is_closed_and_drained_when_it_is_left) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0, {.drain_timeout = 10s});
        const auto began = now();
        std::optional<weft::stream> client;
        co_await weft::with(server, [&](weft::server& s) -> weft::task<> {
            EXPECT_TRUE(s.is_serving());
            client = co_await visit(s);
        });
        EXPECT_FALSE(server.is_serving());
        EXPECT_EQ(server.connections(), 0u);
        EXPECT_EQ(now() - began, 10s);
    });
}

TEST(server_context, cancelled_while_it_is_left_lets_go_of_the_connections_it_has) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        std::optional<weft::stream> client;
        const auto serve = [&]() -> weft::task<> {
            co_await weft::with(server, [&](weft::server& s) -> weft::task<> { client = co_await visit(s); });
        };
        auto serving = weft::create_task(serve());
        co_await settle();
        EXPECT_FALSE(serving.done());
        EXPECT_FALSE(server.is_serving());
        serving.cancel();
        EXPECT_THROW(co_await serving, weft::cancelled_error);
        EXPECT_EQ(server.connections(), 1u);
    });
}

TEST(server_context, destroyed_while_it_is_left) {
    const auto before = open_descriptors();
    destroy_while_waiting([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto client = co_await visit(server);
        co_await weft::with(server, [](weft::server&) -> weft::task<> { co_return; });
    });
    EXPECT_EQ(open_descriptors(), before);
}

TEST(server_context, lets_what_the_block_throws_pass) {
    run([]() -> weft::task<> {
        const auto fail = []() -> weft::task<> {
            auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
            co_await weft::with(server, [](weft::server&) -> weft::task<> {
                throw std::runtime_error("broken");
                co_return;
            });
        };
        EXPECT_THROW(co_await fail(), std::runtime_error);
    });
}

TEST(serve_forever, is_refused_on_a_server_that_is_closed_or_served_by_another_task) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto serving = weft::create_task(server.serve_forever());
        co_await weft::yield_now();
        EXPECT_THROW(co_await server.serve_forever(), weft::invalid_state_error);
        server.close();
        co_await serving;
        EXPECT_THROW(co_await server.serve_forever(), weft::invalid_state_error);
    });
}

TEST(start_serving, is_what_a_server_can_be_made_to_wait_for) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0, {.start_serving = false});
        EXPECT_FALSE(server.is_serving());
        EXPECT_NE(server.port(), 0);
        EXPECT_EQ(server.sockets().size(), 1u);
        EXPECT_EQ(&server.get_loop(), &weft::get_running_loop());
        EXPECT_THROW(co_await weft::open_connection("127.0.0.1", server.port()), weft::connect_error);
        server.start_serving();
        server.start_serving();
        EXPECT_TRUE(server.is_serving());
        auto client = co_await visit(server);
        server.close();
        EXPECT_THROW(server.start_serving(), weft::invalid_state_error);
        EXPECT_TRUE(server.sockets().empty());

        auto other = co_await weft::start_server(echo, "127.0.0.1", 0, {.start_serving = false});
        auto serving = weft::create_task(other.serve_forever());
        co_await weft::yield_now();
        EXPECT_TRUE(other.is_serving());
        auto second = co_await visit(other);
        other.close();
        co_await second.close();
        co_await serving;
    });
}

TEST(start_serving, that_fails_at_one_address_serves_at_none) {
    run([]() -> weft::task<> {
        auto one = co_await weft::start_server(echo, {"127.0.0.1", "127.0.0.2"}, 0, {.start_serving = false});
        // With SO_REUSEADDR a port is not taken before somebody listens on it.
        auto two = co_await weft::start_server(echo, "127.0.0.2", one.port());
        try {
            one.start_serving();
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::address_in_use);
            EXPECT_THAT(e.what(), testing::HasSubstr("listen on 127.0.0.2:"));
        }
        EXPECT_FALSE(one.is_serving());
        EXPECT_THROW(co_await weft::open_connection("127.0.0.1", two.port()), weft::connect_error);
    });
}

}  // namespace
