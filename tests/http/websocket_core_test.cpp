// SPDX-License-Identifier: Apache-2.0
// How a WebSocket ends.
#include "http/websocket_session.hpp"

#include <stdexcept>

using namespace weft_test;
using namespace std::chrono_literals;

namespace {

TEST(websocket_end, the_close_handshake_begun_by_a_client) {
    run([]() -> weft::task<> {
        auto [client, server] = websocket_pair();
        co_await client.send_text("last words");
        auto closing = weft::create_task(client.close(4000, "enough"));
        EXPECT_EQ(co_await text_of(server), "last words");
        EXPECT_EQ(co_await text_of(server), "(end)");
        co_await closing;
        EXPECT_EQ(server.close_code(), 4000);
        EXPECT_EQ(server.close_reason(), "enough");
        EXPECT_EQ(client.close_code(), 4000);
        EXPECT_EQ(co_await text_of(client), "(end)");
        EXPECT_FALSE(client.is_open());
        EXPECT_THROW(static_cast<void>(client.send_text("x")), http::websocket_error);
        co_await client.close();
        co_await server.close();
    });
}

TEST(websocket_end, the_close_handshake_begun_by_a_server) {
    run([]() -> weft::task<> {
        auto [client, server] = websocket_pair();
        auto closing = weft::create_task(server.close());
        EXPECT_EQ(co_await text_of(client), "(end)");
        co_await closing;
        EXPECT_EQ(client.close_code(), 1000);
        EXPECT_EQ(server.close_code(), 1000);
    });
}

TEST(websocket_end, both_sides_begin_at_once) {
    run([]() -> weft::task<> {
        auto [client, server] = websocket_pair();
        const auto began = weft::get_running_loop().time();
        co_await weft::gather(client.close(4001), server.close(4002));
        EXPECT_EQ(client.close_code(), 4002);
        EXPECT_EQ(server.close_code(), 4001);
        EXPECT_EQ(since(began), 0);
    });
}

TEST(websocket_end, a_close_frame_without_a_code_is_answered_without_one) {
    run([]() -> weft::task<> {
        with_bare_client b;
        co_await b.peer.write(from_client(fin | closing, ""));
        EXPECT_EQ(co_await text_of(b.ws), "(end)");
        EXPECT_EQ(b.ws.close_code(), http::close_code::no_code);
        EXPECT_EQ(co_await read_frame(b.peer), std::pair(unsigned(fin | closing), std::string()));
        EXPECT_EQ(co_await b.peer.read_all(), "") << "the server ends the connection";
    });
}

TEST(websocket_end, what_comes_before_the_answer_goes_to_who_receives) {
    run([]() -> weft::task<> {
        with_bare_client b;
        auto first = weft::create_task(text_of(b.ws));
        co_await weft::sleep(1s);
        auto closing = weft::create_task(b.ws.close());
        co_await b.peer.write(from_client(fin | text, "wait"));
        EXPECT_EQ(co_await first, "wait");
        co_await b.peer.write(from_client(fin | text, "dropped") + from_client(fin | weft_test::closing, code(1000)));
        co_await closing;
        EXPECT_EQ(b.ws.close_code(), 1000);
        EXPECT_EQ(co_await text_of(b.ws), "(end)");
    });
}

TEST(websocket_end, a_receive_that_comes_while_close_reads_hears_the_end) {
    run([]() -> weft::task<> {
        with_bare_client b;
        auto closing = weft::create_task(b.ws.close());
        co_await weft::sleep(1s);
        auto receiving = weft::create_task(text_of(b.ws));
        co_await weft::sleep(1s);
        co_await b.peer.write(from_client(fin | weft_test::closing, code(1000)));
        co_await closing;
        EXPECT_EQ(co_await receiving, "(end)");
    });
}

TEST(websocket_end, a_close_frame_that_is_not_answered_is_waited_for_ten_seconds) {
    run([]() -> weft::task<> {
        with_bare_client b;
        const auto began = weft::get_running_loop().time();
        co_await b.ws.close();
        EXPECT_EQ(since(began), 10);
        EXPECT_EQ(b.ws.close_code(), http::close_code::lost);
        EXPECT_EQ(co_await failure_of(b.ws), "1006");
    });
}

TEST(websocket_end, a_server_that_does_not_end_the_connection_is_waited_for_ten_seconds) {
    run([]() -> weft::task<> {
        auto [peer, own] = weft::testing::memory_stream_pair();
        http::websocket ws(std::move(own), http::websocket_role::client);
        co_await peer.write(from_server(fin | closing, code(1000)));
        const auto began = weft::get_running_loop().time();
        EXPECT_EQ(co_await text_of(ws), "(end)");
        EXPECT_EQ(since(began), 10);
        EXPECT_EQ(ws.close_code(), 1000);
    });
}

TEST(websocket_end, close_cancelled_goes_on_by_itself) {
    run([]() -> weft::task<> {
        with_bare_client b;
        EXPECT_FALSE(co_await weft::move_on_after(1s, [&] { return b.ws.close(); }));
        EXPECT_FALSE(b.ws.is_open());
        EXPECT_EQ(co_await read_frame(b.peer), std::pair(unsigned(fin | closing), code(1000)));
        co_await weft::sleep(20s);
        EXPECT_EQ(b.ws.close_code(), http::close_code::lost);
    });
}

TEST(websocket_end, receive_cancelled_while_close_waits_for_it) {
    run([]() -> weft::task<> {
        with_bare_client b;
        auto receiving = weft::create_task(text_of(b.ws));
        co_await weft::sleep(1s);
        auto closing = weft::create_task(b.ws.close());
        co_await weft::sleep(1s);
        receiving.cancel();
        co_await b.peer.write(from_client(fin | weft_test::closing, code(1000)));
        co_await closing;
        EXPECT_EQ(b.ws.close_code(), 1000);
    });
}

TEST(websocket_end, a_code_that_cannot_be_sent_is_refused_and_nothing_done) {
    run([]() -> weft::task<> {
        auto [client, server] = websocket_pair();
        for (const std::uint16_t wrong : {std::uint16_t{999}, http::close_code::lost}) {
            try {
                co_await client.close(wrong);
                ADD_FAILURE() << wrong;
            } catch (const std::invalid_argument&) {
            }
        }
        EXPECT_TRUE(client.is_open());
    });
}

TEST(websocket_end, the_peer_goes_without_a_word) {
    run([]() -> weft::task<> {
        for (const bool in_a_head : {false, true}) {
            with_bare_client b;
            if (in_a_head) co_await b.peer.write("\x81");
            co_await b.peer.close();
            EXPECT_EQ(co_await failure_of(b.ws), "1006");
        }
        with_bare_client reset;
        reset.peer.abort();
        EXPECT_EQ(co_await failure_of(reset.ws), "1006");
    });
}

/// What a server says to a client that breaks the rules: the code of its close frame.
weft::task<std::string> answer_to(std::string frames, http::websocket_options options = {}) {
    with_bare_client b(options);
    co_await b.peer.write(frames);
    auto failing = weft::create_task(failure_of(b.ws));
    auto frame = co_await read_frame(b.peer);
    EXPECT_EQ(frame.first, unsigned(fin | closing));
    const std::string told =
        std::to_string(static_cast<unsigned char>(frame.second[0]) << 8 | static_cast<unsigned char>(frame.second[1]));
    EXPECT_EQ(co_await b.peer.read_all(), "") << "and ends its side";
    co_await b.peer.close();
    EXPECT_EQ(co_await failing, told);
    EXPECT_EQ(co_await failure_of(b.ws), told) << "and again";
    co_return told;
}

TEST(websocket_end, who_breaks_the_rules_is_told_which) {
    run([]() -> weft::task<> {
        EXPECT_EQ(co_await answer_to(from_server(fin | text, "x")), "1002");
        EXPECT_EQ(co_await answer_to(from_client(fin | rsv1 | text, "x")), "1002");
        EXPECT_EQ(co_await answer_to(from_client(fin | text, "\xff")), "1007");
        EXPECT_EQ(co_await answer_to(from_client(fin | closing, code(1000, "\xff"))), "1007");
        EXPECT_EQ(co_await answer_to(from_client(fin | text, std::string(2000, 'x')), {.message_bytes = 1000}), "1009");
        EXPECT_EQ(co_await answer_to(from_client(text, "x") + from_client(0, "x"), {.fragments = 1}), "1008");
    });
}

TEST(websocket_end, who_goes_on_sending_is_waited_for_two_seconds) {
    run([]() -> weft::task<> {
        with_bare_client b;
        co_await b.peer.write(from_client(fin | 3, "x"));
        const auto began = weft::get_running_loop().time();
        EXPECT_EQ(co_await failure_of(b.ws), "1002");
        EXPECT_EQ(since(began), 2);
    });
}

}  // namespace
