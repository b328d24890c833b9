// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_session.hpp"

#include <weft/flow/task_group.hpp>
#include <weft/flow/with.hpp>

#include <optional>
#include <stdexcept>

using namespace weft_test;
using namespace std::chrono_literals;

namespace {

TEST(websocket, carries_messages_both_ways) {
    run([]() -> weft::task<> {
        auto [client, server] = websocket_pair();
        co_await client.send_text("grüß dich");
        auto heard = co_await server.receive();
        EXPECT_EQ(heard->data, "grüß dich");
        EXPECT_TRUE(heard->is_text);
        co_await server.send_binary(std::string_view("\xff\x00", 2));
        heard = co_await client.receive();
        EXPECT_EQ(heard->data, std::string("\xff\x00", 2));
        EXPECT_FALSE(heard->is_text);
        co_await server.send_text("");
        EXPECT_EQ((co_await client.receive())->data, "");
    });
}

TEST(websocket, several_tasks_send_while_one_receives) {
    run([]() -> weft::task<> {
        auto [client, server] = websocket_pair();
        co_await with(weft::task_group{}, [&](weft::task_group& g) -> weft::task<> {
            for (const char letter : {'a', 'b', 'c'}) {
                g.create_task(
                    [](http::websocket& ws, char what) -> weft::task<> {
                        for (int i = 0; i < 20; ++i) co_await ws.send_text(std::string(20000, what));
                    },
                    std::ref(client), letter);
            }
            for (int i = 0; i < 60; ++i) {
                const auto message = co_await server.receive();
                EXPECT_EQ(message->data.find_first_not_of(message->data[0]), std::string::npos);
                EXPECT_EQ(message->data.size(), 20000u);
            }
        });
    });
}

TEST(websocket, sending_waits_while_the_peer_takes_nothing) {
    run([]() -> weft::task<> {
        with_bare_client b;
        int sent = 0;
        const bool all = co_await weft::move_on_after(5s, [&]() -> weft::task<> {
            for (; sent < 100; ++sent) co_await b.ws.send_text(std::string(16 * 1024, 'x'));
        });
        EXPECT_FALSE(all);
        EXPECT_LT(b.ws.write_buffer_size(), 128u * 1024);
        EXPECT_LT(sent, 30);
    });
}

TEST(websocket, answers_pings) {
    run([]() -> weft::task<> {
        with_bare_client b;
        co_await b.peer.write(from_client(fin | ping, "are you there?") + from_client(fin | text, "x"));
        EXPECT_EQ(co_await text_of(b.ws), "x");
        EXPECT_EQ(co_await read_frame(b.peer), std::pair(unsigned(fin | pong), std::string("are you there?")));
        co_await b.ws.ping("and you?");
        EXPECT_EQ(co_await read_frame(b.peer), std::pair(unsigned(fin | ping), std::string("and you?")));
    });
}

TEST(websocket, pings_of_who_takes_no_answer_are_answered_once) {
    run([]() -> weft::task<> {
        with_bare_client b({}, {.limit = 4096, .capacity = 1});
        static_cast<void>(b.ws.send_text(std::string(100 * 1024, 'x')));
        std::string pings;
        for (int i = 0; i < 200; ++i) pings += from_client(fin | ping, std::to_string(i));
        co_await b.peer.write(pings + from_client(fin | text, "x"));
        const auto before = b.ws.write_buffer_size();
        EXPECT_EQ(co_await text_of(b.ws), "x");
        EXPECT_EQ(b.ws.write_buffer_size(), before);
        co_await read_frame(b.peer);
        co_await b.peer.write(from_client(fin | text, "y"));
        EXPECT_EQ(co_await text_of(b.ws), "y");
        EXPECT_EQ(co_await read_frame(b.peer), std::pair(unsigned(fin | pong), std::string("199")));
    });
}

TEST(websocket, a_flood_of_pings_is_a_reason_to_close) {
    run([]() -> weft::task<> {
        with_bare_client b;
        std::string pings;
        for (int i = 0; i < 300; ++i) pings += from_client(fin | ping, "");
        co_await b.peer.write(pings);
        auto failing = weft::create_task(failure_of(b.ws));
        std::pair<unsigned, std::string> frame;
        int pongs = 0;
        while ((frame = co_await read_frame(b.peer)).first == (fin | pong)) ++pongs;
        EXPECT_EQ(pongs, 256);
        EXPECT_EQ(frame.second.substr(0, 2), code(1008));
        EXPECT_EQ(co_await b.peer.read_all(), "");
        co_await b.peer.close();
        EXPECT_EQ(co_await failing, "1008");
    });
}

TEST(websocket, what_is_no_text_is_not_sent_as_one) {
    run([]() -> weft::task<> {
        auto [client, server] = websocket_pair();
        EXPECT_THROW(static_cast<void>(client.send_text("\xff")), std::invalid_argument);
        EXPECT_THROW(static_cast<void>(client.ping(std::string(126, 'x'))), std::invalid_argument);
        co_await client.send_text("still there");
        EXPECT_EQ(co_await text_of(server), "still there");
    });
}

TEST(websocket, keeps_a_silent_connection_alive) {
    run([]() -> weft::task<> {
        auto [client, server] = websocket_pair();
        auto hearing = weft::create_task(text_of(client));
        auto other = weft::create_task(text_of(server));
        co_await weft::sleep(24h);
        co_await server.send_text("still here?");
        EXPECT_EQ(co_await hearing, "still here?");
        co_await client.close();
        EXPECT_EQ(co_await other, "(end)");
    });
}

TEST(websocket, who_does_not_answer_a_ping_is_gone) {
    run([]() -> weft::task<> {
        with_bare_client b;
        const auto began = weft::get_running_loop().time();
        EXPECT_EQ(co_await failure_of(b.ws), "1006");
        EXPECT_EQ(since(began), 40);
        EXPECT_EQ(b.ws.close_code(), http::close_code::lost);
        EXPECT_THROW(static_cast<void>(b.ws.send_text("x")), http::websocket_error);
    });
}

TEST(websocket, who_takes_what_waits_for_it_is_there) {
    run([]() -> weft::task<> {
        with_bare_client b({}, {.limit = 1024, .capacity = 1024});
        auto failing = weft::create_task(failure_of(b.ws));
        for (int i = 0; i < 10; ++i) {
            static_cast<void>(b.ws.send_binary(std::string(9 * 1024, 'x')));
            co_await weft::sleep(39s);  // a ping waits behind it
            EXPECT_EQ((co_await read_frame(b.peer)).second.size(), 9u * 1024);
            EXPECT_EQ((co_await read_frame(b.peer)).first, unsigned(fin | ping));
            co_await weft::sleep(1s);
        }
        EXPECT_TRUE(b.ws.is_open());
        static_cast<void>(b.ws.send_binary(std::string(9 * 1024, 'x')));
        co_await weft::sleep(41s);
        EXPECT_EQ(co_await failing, "1006");
    });
}

TEST(websocket, who_sends_something_is_there) {
    run([]() -> weft::task<> {
        with_bare_client b;
        auto failing = weft::create_task(failure_of(b.ws));
        for (int i = 0; i < 10; ++i) {
            co_await weft::sleep(15s);
            co_await b.peer.write(from_client(fin | text, "x"));
        }
        EXPECT_TRUE(b.ws.is_open());
        co_await weft::sleep(81s);
        EXPECT_EQ(co_await failing, "1006");
    });
}

TEST(websocket, without_pings_silence_is_nobodys_business) {
    run([]() -> weft::task<> {
        with_bare_client b({.ping_interval = std::nullopt});
        EXPECT_FALSE(co_await weft::move_on_after(24h, [&]() -> weft::task<> { co_await b.ws.receive(); }));
        EXPECT_TRUE(b.ws.is_open());
    });
}

// Cancelled, destroyed, misused

TEST(websocket, receive_cancelled_in_the_middle_of_a_message_loses_nothing) {
    run([]() -> weft::task<> {
        with_bare_client b;
        const std::string whole =
            from_client(text, "one ") + from_client(fin, "two") + from_client(fin | text, "three");
        for (const char c : whole.substr(0, whole.size() - 1)) {
            co_await b.peer.write(std::string(1, c));
            std::optional<http::websocket_message> heard;
            co_await weft::move_on_after(10ms, [&]() -> weft::task<> { heard = co_await b.ws.receive(); });
            if (heard) {
                EXPECT_EQ(heard->data, "one two");
            }
        }
        co_await b.peer.write(whole.substr(whole.size() - 1));
        EXPECT_EQ(co_await text_of(b.ws), "three");
    });
}

TEST(websocket, destroyed_while_a_task_waits_says_so_and_goodbye) {
    run([]() -> weft::task<> {
        std::optional<with_bare_client> b(std::in_place);
        weft::stream peer = std::move(b->peer);
        auto waiting = weft::create_task(failure_of(b->ws));
        co_await weft::sleep(1s);
        b.reset();
        EXPECT_EQ(co_await waiting, std::make_error_code(std::errc::connection_aborted).message());
        EXPECT_EQ(co_await read_frame(peer), std::pair(unsigned(fin | closing), code(1001)));
        EXPECT_EQ(co_await peer.read_all(), "");
    });
}

TEST(websocket, a_loop_that_closes_destroys_who_waits) {
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    std::optional<with_bare_client> b;
    const auto main = [&]() -> weft::task<> {
        b.emplace();
        auto receiving = weft::create_task(text_of(b->ws));
        co_await weft::sleep(0s);
        auto closing = weft::create_task(b->ws.close());
        co_await weft::sleep(0s);
    };
    loop.run_until_complete(main());
    loop.close();
}

TEST(websocket, receive_cancelled_can_be_called_again) {
    run([]() -> weft::task<> {
        with_bare_client b;
        auto waiting = weft::create_task(text_of(b.ws));
        co_await weft::sleep(1s);
        waiting.cancel();
        co_await weft::sleep(1s);
        EXPECT_TRUE(waiting.cancelled());
        co_await b.peer.write(from_client(fin | text, "x"));
        EXPECT_EQ(co_await text_of(b.ws), "x");
    });
}

TEST(websocket, one_that_was_moved_from_is_of_no_use) {
    run([]() -> weft::task<> {
        auto [client, server] = websocket_pair();
        const http::websocket taken = std::move(client);
        EXPECT_THROW(static_cast<void>(client.receive()), weft::invalid_state_error);
        EXPECT_THROW(static_cast<void>(client.send_text("x")), weft::invalid_state_error);
        EXPECT_THROW(static_cast<void>(client.close()), weft::invalid_state_error);
        co_return;
    });
}

TEST(websocket, one_task_receives) {
    run([]() -> weft::task<> {
        with_bare_client b;
        auto first = weft::create_task(text_of(b.ws));
        co_await weft::sleep(1s);
        try {
            co_await b.ws.receive();
            ADD_FAILURE() << "a second one";
        } catch (const weft::invalid_state_error&) {
        }
        co_await b.peer.write(from_client(fin | text, "x"));
        EXPECT_EQ(co_await first, "x");
    });
}

}  // namespace
