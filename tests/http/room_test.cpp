// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_session.hpp"

#include <weft/http/room.hpp>

#include <vector>

using namespace weft_test;
using namespace std::chrono_literals;

namespace {

/// Somebody in a room, and its other side.
struct guest {
    guest(http::room& r, const weft::testing::memory_stream_options& sizes = {})
        : connection({}, sizes), place(r.join(connection.ws)) {}
    with_bare_client connection;
    http::room::member place;
    weft::task<std::string> hears() { co_return (co_await read_frame(connection.peer)).second; }
};

TEST(room, what_is_said_all_hear_but_who_is_left_out) {
    run([]() -> weft::task<> {
        http::room r;
        guest a(r), b(r), c(r);
        EXPECT_EQ(r.size(), 3u);
        r.send_text("to all");
        r.send_text("from b", &b.place);
        r.send_binary(std::as_bytes(std::span("\x00\x01", 2)));
        for (guest* g : {&a, &c}) {
            EXPECT_EQ(co_await g->hears(), "to all");
            EXPECT_EQ(co_await g->hears(), "from b");
            EXPECT_EQ(co_await read_frame(g->connection.peer),
                      std::pair(unsigned(fin | binary), std::string("\x00\x01", 2)));
        }
        EXPECT_EQ(co_await b.hears(), "to all");
        EXPECT_EQ(co_await b.hears(), std::string("\x00\x01", 2));
        EXPECT_THROW(r.send_text("\xff"), std::invalid_argument);
    });
}

TEST(room, who_has_left_hears_nothing_more) {
    run([]() -> weft::task<> {
        http::room r;
        guest a(r);
        {
            const auto place = r.join(a.connection.ws);
            EXPECT_EQ(r.size(), 2u);
        }
        EXPECT_EQ(r.size(), 1u);
        r.send_text("once");
        EXPECT_EQ(co_await a.hears(), "once");
        EXPECT_EQ(a.connection.ws.write_buffer_size(), 0u);
    });
}

TEST(room, a_slow_member_is_dropped_and_keeps_nobody_waiting) {
    run([]() -> weft::task<> {
        http::room r;
        guest slow(r, {.limit = 1024, .capacity = 1024}), quick(r);
        auto ending = weft::create_task(failure_of(slow.connection.ws));
        for (int i = 0; i < 40; ++i) {
            r.send_text(std::string(16 * 1024, 'x'));
            EXPECT_EQ((co_await quick.hears()).size(), 16u * 1024);
        }
        EXPECT_FALSE(slow.connection.ws.is_open());
        EXPECT_GT(slow.place.missed(), 10u);
        EXPECT_LE(slow.connection.ws.write_buffer_size(), 100u * 1024);
        EXPECT_EQ(co_await ending, "1006") << "it does not answer the close frame either";
    });
}

TEST(room, a_slow_member_may_miss_the_oldest) {
    run([]() -> weft::task<> {
        http::room r({.outbox_messages = 3, .when_full = http::room_options::policy::drop_oldest});
        guest slow(r, {.limit = 1024, .capacity = 1024});
        r.send_text(std::string(100 * 1024, 'x'));
        for (int i = 0; i < 10; ++i) r.send_text(std::to_string(i));
        EXPECT_EQ(slow.place.missed(), 7u);
        EXPECT_EQ((co_await slow.hears()).size(), 100u * 1024);
        for (const char* heard : {"7", "8", "9"}) EXPECT_EQ(co_await slow.hears(), heard);
        r.send_text("caught up");
        EXPECT_EQ(co_await slow.hears(), "caught up");
    });
}

TEST(room, an_outbox_is_bounded_in_bytes) {
    run([]() -> weft::task<> {
        http::room r(
            {.outbox_messages = 1000, .outbox_bytes = 10000, .when_full = http::room_options::policy::drop_oldest});
        guest slow(r, {.limit = 1024, .capacity = 1024});
        r.send_text(std::string(100 * 1024, 'x'));
        for (int i = 0; i < 100; ++i) r.send_text(std::string(1000, 'y'));
        EXPECT_EQ(slow.place.missed(), 91u);
        co_return;
    });
}

TEST(room, a_member_that_is_lost_is_nobodys_concern) {
    run([]() -> weft::task<> {
        http::room r;
        guest a(r), b(r);
        a.connection.peer.abort();
        for (int i = 0; i < 3; ++i) {
            r.send_text(std::to_string(i));
            EXPECT_EQ(co_await b.hears(), std::to_string(i));
        }
        EXPECT_EQ(co_await failure_of(a.connection.ws), "1006");
    });
}

TEST(room, a_clients_own_websocket_hears_masked_frames) {
    run([]() -> weft::task<> {
        auto [client, server] = websocket_pair();
        http::room r;
        const auto place = r.join(client);
        r.send_text("masked");
        EXPECT_EQ(co_await text_of(server), "masked");
    });
}

TEST(room, a_member_may_go_while_it_is_written_to) {
    run([]() -> weft::task<> {
        http::room r;
        {
            guest slow(r, {.limit = 1024, .capacity = 1024});
            for (int i = 0; i < 4; ++i) r.send_text(std::string(100 * 1024, 'x'));
            co_await weft::sleep(1s);
        }
        EXPECT_EQ(r.size(), 0u);
        co_await weft::sleep(1s);
    });
}

TEST(room, a_room_may_go_before_its_members) {
    run([]() -> weft::task<> {
        auto r = std::make_unique<http::room>();
        guest a(*r);
        r.reset();
        co_await a.connection.ws.send_text("x");
        EXPECT_EQ(co_await a.hears(), "x");
    });
}

}  // namespace
