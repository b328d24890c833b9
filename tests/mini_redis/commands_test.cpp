// SPDX-License-Identifier: Apache-2.0
// What session.py cannot arrange with the real Redis: limits, time, and the order of things. That replies are the same
// as Redis's is its business.
#include "client.hpp"
#include "command.hpp"
#include "request_parser.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mini_redis {
namespace {

using namespace std::chrono_literals;

std::string run(engine& server, client& who, std::string_view line) {
    request_parser parser;
    std::string input(line);
    input += '\n';
    EXPECT_EQ(parser.parse(input), request_parser::status::complete) << line;
    execute(server, who, parser.args());
    std::string replies(who.out.view());
    who.out.clear();
    return replies;
}

class commands : public testing::Test {
protected:
    std::string ask(std::string_view line) { return run(server, me, line); }

    engine server{1, limits{.transaction_bytes = 1000, .subscription_bytes = 1000}};
    client me{1, 10'000};
    client other{2, 10'000};
};

TEST_F(commands, every_command_is_found_by_its_name_in_any_case) {
    for (const command& each : all_commands()) {
        std::string name(each.name);
        EXPECT_EQ(find_command(name), &each);
        for (char& c : name) c = static_cast<char>(c - ('a' - 'A'));
        EXPECT_EQ(find_command(name), &each);
        EXPECT_EQ(find_command(name + "x"), nullptr);
        EXPECT_EQ(find_command(name + ' '), nullptr);
        EXPECT_EQ(find_command(name + '\0'), nullptr);
    }
    EXPECT_EQ(find_command(""), nullptr);
    EXPECT_EQ(find_command(std::string(100, 'a')), nullptr);
}

TEST_F(commands, expire_by_the_time_that_the_server_says) {
    server.keys.set_now(moment(1000ms));
    EXPECT_EQ(ask("SET a 1 PX 500"), "+OK\r\n");
    EXPECT_EQ(ask("PTTL a"), ":500\r\n");
    server.keys.set_now(moment(1499ms));
    EXPECT_EQ(ask("PTTL a"), ":1\r\n");
    EXPECT_EQ(ask("TTL a"), ":0\r\n");
    server.keys.set_now(moment(1501ms));
    EXPECT_EQ(ask("GET a"), "$-1\r\n");
    EXPECT_EQ(ask("SET a 2 NX"), "+OK\r\n");
    EXPECT_EQ(ask("TTL a"), ":-1\r\n");
}

TEST_F(commands, a_reply_that_is_too_large_becomes_an_error_and_costs_nothing) {
    const std::string text(1000, 'x');
    for (int i = 0; i < 20; ++i) ask("RPUSH l " + text);
    const std::string error = "-ERR reply is larger than the client's output limit\r\n";
    EXPECT_EQ(ask("LRANGE l 0 -1"), error);
    EXPECT_EQ(ask("LPOP l 20"), error);
    EXPECT_EQ(ask("LLEN l"), ":20\r\n");
    ask("SET s " + std::string(20'000, 'x'));
    EXPECT_EQ(ask("GETSET s y"), error);
    EXPECT_EQ(ask("STRLEN s"), ":20000\r\n");
    ask("MULTI");
    ask("GET s");
    ask("PING");
    EXPECT_EQ(ask("EXEC"), "*2\r\n" + error + "+PONG\r\n");
}

TEST_F(commands, a_transaction_that_is_too_large_is_discarded) {
    ask("MULTI");
    EXPECT_EQ(ask("SET a " + std::string(500, 'x')), "+QUEUED\r\n");
    EXPECT_EQ(ask("SET b " + std::string(500, 'x')), "-ERR transaction is larger than 1000 bytes\r\n");
    EXPECT_EQ(ask("SET c 1"), "+QUEUED\r\n");
    EXPECT_EQ(ask("EXEC"), "-EXECABORT Transaction discarded because of previous errors.\r\n");
    EXPECT_EQ(ask("DBSIZE"), ":0\r\n");
}

TEST_F(commands, subscriptions_are_bounded) {
    EXPECT_EQ(ask("SUBSCRIBE a"), "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
    EXPECT_EQ(ask("SUBSCRIBE " + std::string(1000, 'x')), "-ERR subscriptions are larger than 1000 bytes\r\n");
    EXPECT_EQ(ask("PSUBSCRIBE " + std::string(1000, 'x')), "-ERR subscriptions are larger than 1000 bytes\r\n");
    ask("UNSUBSCRIBE");
    EXPECT_EQ(me.subscription_bytes, 0u);
}

TEST_F(commands, published_messages_wait_in_the_listeners_buffer) {
    run(server, other, "SUBSCRIBE news");
    run(server, other, "PSUBSCRIBE n*");
    EXPECT_EQ(ask("PUBLISH news hello"), ":2\r\n");
    EXPECT_EQ(other.messages.view(), "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n"
                                     "*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
    EXPECT_TRUE(other.out.empty());
    EXPECT_TRUE(other.has_messages);
    server.channels.send_messages();
    EXPECT_FALSE(other.has_messages);
}

TEST_F(commands, a_listener_that_goes_away_is_forgotten) {
    {
        client third(3, 10'000);
        run(server, third, "SUBSCRIBE a b");
        run(server, third, "PSUBSCRIBE *");
        EXPECT_EQ(ask("PUBLISH a x"), ":2\r\n");
        server.channels.remove(third);
    }
    server.channels.send_messages();
    EXPECT_EQ(ask("PUBLISH a x"), ":0\r\n");
    EXPECT_EQ(server.channels.channels() + server.channels.patterns(), 0u);
}

TEST_F(commands, a_listener_that_lags_gets_no_more) {
    run(server, other, "SUBSCRIBE a");
    for (int i = 0; i < 100; ++i) ask("PUBLISH a " + std::string(1000, 'x'));
    EXPECT_TRUE(other.lagging);
    EXPECT_LE(other.messages.size(), 10'000u);
}

TEST_F(commands, line_breaks_in_errors_cannot_forge_replies) {
    EXPECT_EQ(ask(R"("a\r\n+OK" "b\r\nc")"), "-ERR unknown command 'a  +OK', with args beginning with: 'b  c' \r\n");
}

}  // namespace
}  // namespace mini_redis
