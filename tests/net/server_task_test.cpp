// SPDX-License-Identifier: Apache-2.0
// What a server does for a task that begins later than the call, when the server object has moved or gone.
#include "io/connected.hpp"

#include <optional>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

TEST(server_task, follows_a_server_that_is_moved_before_it_begins) {
    run([]() -> weft::task<> {
        std::optional made = co_await weft::start_server(echo, "127.0.0.1", 0, {.start_serving = false});
        auto serving = weft::create_task(made->serve_forever());
        auto closed = weft::wait_for(made->wait_closed(), 5s);
        weft::server kept = std::move(*made);
        made.reset();
        co_await weft::yield_now();
        auto client = co_await weft::open_connection("127.0.0.1", kept.port());
        co_await client.write("x\n");
        EXPECT_EQ(co_await client.read_line(), "x");
        co_await client.close();
        kept.close();
        co_await serving;
        co_await std::move(closed);
    });
}

TEST(server_task, whose_server_is_destroyed_before_it_begins_finds_it_closed) {
    run([]() -> weft::task<> {
        std::optional server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto serving = weft::create_task(server->serve_forever());
        auto closed = weft::create_task(server->wait_closed());
        auto limited = weft::wait_for(server->wait_closed(), 5s);
        auto left = weft::create_task(server->exit(nullptr));
        server.reset();
        EXPECT_THROW(co_await serving, weft::invalid_state_error);
        co_await closed;
        co_await std::move(limited);
        co_await left;
    });
}

TEST(server_task, of_a_destroyed_server_waits_for_its_connections) {
    run([]() -> weft::task<> {
        std::optional server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto client = co_await weft::open_connection("127.0.0.1", server->port());
        co_await settle();
        auto closed = weft::create_task(server->wait_closed());
        server.reset();
        co_await settle();
        EXPECT_FALSE(closed.done());
        co_await client.close();
        co_await closed;
    });
}

TEST(server_task, cancelled_before_it_begins_leaves_the_server_alone) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto serving = weft::create_task(server.serve_forever());
        auto closed = weft::create_task(server.wait_closed());
        serving.cancel();
        closed.cancel();
        EXPECT_THROW(co_await serving, weft::cancelled_error);
        EXPECT_THROW(co_await closed, weft::cancelled_error);
        EXPECT_TRUE(server.is_serving());
    });
}

TEST(server_task, dropped_unbegun_outlives_the_loop) {
    std::optional<weft::task<>> unbegun;
    run([&unbegun]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        unbegun = server.serve_forever();
    });
    unbegun.reset();
}

TEST(server_task, of_a_server_that_was_moved_from_is_refused_at_the_call) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        const auto kept = std::move(server);
        EXPECT_THROW(static_cast<void>(server.wait_closed()), weft::invalid_state_error);
        EXPECT_THROW(static_cast<void>(server.serve_forever()), weft::invalid_state_error);
    });
}

}  // namespace
