// SPDX-License-Identifier: Apache-2.0
// The server and its client in one loop: what one can count only from inside.
#include "counted_allocations.hpp"
#include "request_parser.hpp"
#include "server.hpp"
#include "session.hpp"

#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

namespace mini_redis {
namespace {

// Sends `request` `times` times, and each time awaits a reply of the expected size.
void skip_unless_frames_are_kept() {
#ifdef WEFT_TEST_SANITIZED
    GTEST_SKIP() << "the address sanitizer keeps no frames, so that it sees their use after free";
#endif
}

weft::task<> repeat(weft::stream& s, std::string_view request, std::size_t reply_bytes, int times) {
    for (int i = 0; i < times; ++i) {
        co_await s.write(request);
        (void)co_await s.peek(reply_bytes);
        s.consume(reply_bytes);
    }
}

weft::task<std::size_t> allocations_of(std::string_view request, std::string_view reply, int times) {
    redis_server server(options{.port = 0}, 1);
    co_await server.start();
    weft::stream s = co_await weft::open_connection("127.0.0.1", server.port());
    co_await repeat(s, request, reply.size(), 100);
    co_await s.write(request);
    EXPECT_EQ((co_await s.peek(reply.size())), reply);
    s.consume(reply.size());
    const std::size_t before = allocations.load();
    co_await repeat(s, request, reply.size(), times);
    const std::size_t after = allocations.load();
    s.close();
    co_await server.stop();
    co_return after - before;
}

struct example {
    const char *name, *request, *reply;

    // Else the name of the test would hold the addresses, which differ from run to run.
    friend void PrintTo(const example& e, std::ostream* to) { *to << e.name; }
};

class server_after_warm_up : public testing::TestWithParam<example> {};

TEST_P(server_after_warm_up, allocates_nothing_for_a_command) {
    skip_unless_frames_are_kept();
    if (IsSkipped()) return;
    EXPECT_EQ(weft::run(allocations_of(GetParam().request, GetParam().reply, 1000)), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    commands, server_after_warm_up,
    testing::Values(example{"ping", "*1\r\n$4\r\nPING\r\n", "+PONG\r\n"},
                    example{"ping_inline", "PING\r\n", "+PONG\r\n"},
                    example{"set", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$40\r\n0123456789012345678901234567890123456789\r\n",
                            "+OK\r\n"},
                    example{"get", "*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n", "$-1\r\n"},
                    example{"set_and_get", "SET k 0123456789012345678901234567890123456789\nGET k\n",
                            "+OK\r\n$40\r\n0123456789012345678901234567890123456789\r\n"},
                    example{"counting", "SET n 7\nINCR n\nGET n\n", "+OK\r\n:8\r\n$1\r\n8\r\n"},
                    example{"transaction", "MULTI\nSET k v\nGET k\nEXEC\n",
                            "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\nv\r\n"},
                    example{"hash", "HSET h f value\nHGET h f\n", ":0\r\n$5\r\nvalue\r\n"},
                    example{"set_of_members", "SADD s m\nSISMEMBER s m\n", ":0\r\n:1\r\n"},
                    example{"error", "GET\n", "-ERR wrong number of arguments for 'get' command\r\n"},
                    example{"publish", "PUBLISH channel message\n", ":0\r\n"},
                    example{"pipeline", "PING\nPING\nPING\nPING\nPING\nPING\nPING\nPING\n",
                            "+PONG\r\n+PONG\r\n+PONG\r\n+PONG\r\n+PONG\r\n+PONG\r\n+PONG\r\n+PONG\r\n"}),
    [](const auto& tested) { return tested.param.name; });

weft::task<std::size_t> allocations_of_messages(int times) {
    redis_server server(options{.port = 0}, 1);
    co_await server.start();
    weft::stream publisher = co_await weft::open_connection("127.0.0.1", server.port());
    weft::stream listener = co_await weft::open_connection("127.0.0.1", server.port());
    const std::string_view confirmation = "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";
    co_await repeat(listener, "SUBSCRIBE c\n", confirmation.size(), 1);
    const std::string_view message = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n";
    std::size_t before = 0;
    for (int i = -100; i < times; ++i) {
        if (i == 0) before = allocations.load();
        co_await repeat(publisher, "PUBLISH c hello\n", 4, 1);
        (void)co_await listener.peek(message.size());
        listener.consume(message.size());
    }
    const std::size_t after = allocations.load();
    publisher.close();
    listener.close();
    co_await server.stop();
    co_return after - before;
}

TEST(server, allocates_nothing_for_a_published_message) {
    skip_unless_frames_are_kept();
    if (IsSkipped()) return;
    EXPECT_EQ(weft::run(allocations_of_messages(1000)), 0u);
}

weft::task<> expect_the_end(weft::stream s) { EXPECT_EQ(co_await s.read_all(), ""); }

weft::task<> serve_two_at_once() {
    options chosen{.port = 0};
    chosen.bounds.clients = 2;
    redis_server server(chosen, 1);
    co_await server.start();
    weft::stream a = co_await weft::open_connection("127.0.0.1", server.port());
    weft::stream b = co_await weft::open_connection("127.0.0.1", server.port());
    co_await repeat(a, "PING\n", 7, 1);
    co_await repeat(b, "PING\n", 7, 1);
    weft::stream c = co_await weft::open_connection("127.0.0.1", server.port());
    EXPECT_EQ(co_await c.read_all(), "-ERR max number of clients reached\r\n");
    co_await a.write("QUIT\n");
    EXPECT_EQ(co_await a.read_all(), "+OK\r\n");
    co_await weft::gather(server.stop(), expect_the_end(std::move(b)));
    EXPECT_TRUE(server.state().clients.empty());
}

TEST(server, turns_away_who_is_one_too_many_and_says_goodbye_to_the_others) { weft::run(serve_two_at_once()); }

}  // namespace
}  // namespace mini_redis
