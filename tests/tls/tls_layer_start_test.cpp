// SPDX-License-Identifier: Apache-2.0
// A stream that goes on over TLS: what belongs to which side of the change, and how a handshake ends early.
#include "tls/secured.hpp"

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;
using weft::tls_errc;

namespace {

TEST(start_tls, in_mid_stream_sends_first_what_was_written_before) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const auto serve = [](weft::stream& s) -> weft::task<> {
            EXPECT_EQ(co_await s.read_line(), "STARTTLS");
            static_cast<void>(s.write(std::string(8 << 20, '2') + "\n"));
            co_await s.start_tls(server_context());
            EXPECT_EQ(co_await s.read_line(), "secret");
            co_await s.write("secrets\n");
        };
        auto serving = weft::create_task(serve(server));
        co_await client.write("STARTTLS\n");
        EXPECT_EQ((co_await client.read_exactly((8 << 20) + 1)).back(), '\n');
        co_await client.start_tls(client_context(), {.server_hostname = "localhost"});
        co_await client.write("secret\n");
        EXPECT_EQ(co_await client.read_line(), "secrets");
        co_await serving;
    });
}

TEST(start_tls, never_takes_plaintext_slipped_in_before_it_for_protected) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("STARTTLS\nMAIL FROM: <somebody else>\n");
        EXPECT_EQ(co_await server.read_line(), "STARTTLS");
        const auto why = co_await thrown_by<weft::tls_error>(start_server_side(server, server_context()));
        EXPECT_EQ(why.code(), tls_errc::not_tls);
        EXPECT_TRUE(server.buffered().empty());
        EXPECT_THROW(co_await server.read(100), weft::tls_error);
    });
}

TEST(start_tls, takes_a_handshake_that_came_with_the_last_plaintext) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("STARTTLS\n");
        auto connecting = weft::create_task(start_client_side(client, client_context(), "localhost"));
        co_await settle();
        EXPECT_EQ(co_await server.read_line_view(), "STARTTLS");
        EXPECT_FALSE(server.buffered().empty());
        co_await server.start_tls(server_context());
        co_await connecting;
        co_await client.write("on\n");
        EXPECT_EQ(co_await server.read_line(), "on");
    });
}

TEST(start_tls, keeps_what_is_written_meanwhile_for_later) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        auto connecting = weft::create_task(start_client_side(client, client_context(), "localhost"));
        co_await weft::yield_now();
        co_await weft::yield_now();
        co_await client.write("early ");
        co_await client.write("bird\n");
        EXPECT_EQ(client.write_buffer_size(), 11u);
        co_await server.start_tls(server_context());
        EXPECT_EQ(co_await server.read_line(), "early bird");
        co_await connecting;
        EXPECT_EQ(client.write_buffer_size(), 0u);
    });
}

TEST(start_tls, may_be_followed_by_a_move_of_the_stream) {
    run([]() -> weft::task<> {
        auto both = co_await connect_streams();
        auto accepting = weft::create_task(start_server_side(both.server, server_context()));
        auto handshake = both.client.start_tls(client_context(), {.server_hostname = "localhost"});
        weft::stream moved = std::move(both.client);
        co_await std::move(handshake);
        co_await accepting;
        EXPECT_EQ(moved.tls()->server_name, "localhost");
    });
}

TEST(start_tls, over_tls_is_tls_in_tls) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        auto accepting = weft::create_task(start_server_side(server, server_context()));
        co_await client.start_tls(client_context(), {.server_hostname = "127.0.0.1"});
        co_await accepting;
        const std::string big(1 << 20, 'x');
        auto writing = weft::create_task([](weft::stream& s, const std::string& t) -> weft::task<> {
            co_await s.write(t);
            co_await s.write_eof();
        }(client, big));
        EXPECT_EQ(co_await server.read_all(), big);
        co_await writing;
    });
}

TEST(start_tls, refuses_what_makes_no_sense_and_leaves_the_stream_as_it_is) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        EXPECT_THROW(co_await client.start_tls(client_context()), std::invalid_argument);
        EXPECT_THROW(co_await client.start_tls(server_context(), {.server_hostname = "localhost"}),
                     std::invalid_argument);
        for (const std::string& host :
             {std::string("%"), std::string("."), std::string("a\0b", 3), std::string(256, 'a')}) {
            EXPECT_THROW(co_await client.start_tls(client_context(), {.server_hostname = host}), std::invalid_argument);
        }
        auto reading = weft::create_task([](weft::stream& s) -> weft::task<> { co_await s.read(1); }(server));
        co_await settle();
        EXPECT_THROW(co_await server.start_tls(server_context()), weft::invalid_state_error);
        co_await client.write("still plain");
        co_await reading;
        EXPECT_EQ(co_await server.read(100), "till plain");
        EXPECT_FALSE(server.tls());
        co_await client.write_eof();
        EXPECT_THROW(co_await client.start_tls(client_context({.verify = false})), weft::invalid_state_error);
        EXPECT_EQ(co_await server.read(1), "");
        EXPECT_THROW(co_await server.start_tls(server_context()), weft::invalid_state_error);
        co_await server.close();
        EXPECT_THROW(co_await server.start_tls(server_context()), weft::invalid_state_error);
        weft::stream none;
        EXPECT_THROW(static_cast<void>(none.start_tls(server_context())), weft::invalid_state_error);
    });
}

TEST(start_tls, twice_at_once_is_refused) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        auto first = weft::create_task(start_server_side(server, server_context()));
        co_await settle();
        EXPECT_THROW(co_await server.start_tls(server_context()), weft::invalid_state_error);
        co_await client.start_tls(client_context(), {.server_hostname = "localhost"});
        co_await first;
    });
}

TEST(start_tls, cancelled_ends_the_connection) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        auto accepting = weft::create_task(start_server_side(server, server_context()));
        co_await settle();
        EXPECT_TRUE(accepting.cancel());
        EXPECT_THROW(co_await accepting, weft::cancelled_error);
        const auto why =
            co_await thrown_by<std::system_error>([](weft::stream& s) -> weft::task<> { co_await s.read(1); }(server));
        EXPECT_EQ(why.code(), std::errc::connection_aborted);
        EXPECT_THAT(why.what(), HasSubstr("was cancelled"));
        EXPECT_THROW(static_cast<void>(server.write("x")), std::system_error);
        server = weft::stream();
        EXPECT_THROW(co_await client.read(1), std::system_error);
    });
}

TEST(start_tls, cancelled_while_earlier_bytes_are_on_their_way_changes_nothing) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(1024);
        static_cast<void>(server.write(std::string(64 << 20, 'x')));
        auto accepting = weft::create_task(start_server_side(server, server_context()));
        co_await settle();
        accepting.cancel();
        EXPECT_THROW(co_await accepting, weft::cancelled_error);
        server.write_eof();
        EXPECT_EQ((co_await client.read_all()).size(), 64u << 20);
    });
}

TEST(start_tls, destroyed_while_it_waits_ends_the_connection) {
    weft::stream kept;
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    loop.run_until_complete([](weft::stream& keep) -> weft::task<> {
        auto ends = co_await connect_streams();
        keep = std::move(ends.server);
        weft::spawn(start_server_side(keep, server_context()));
        for (int i = 0; i < 4; ++i) co_await weft::yield_now();
    }(kept));
    loop.close();
}

TEST(start_tls, of_a_stream_that_is_closed_or_destroyed_meanwhile_fails) {
    for (const bool by_closing : {true, false}) {
        run([by_closing]() -> weft::task<> {
            auto [client, server] = co_await connect_streams();
            auto accepting = weft::create_task(start_server_side(server, server_context()));
            co_await settle();
            if (by_closing) {
                co_await server.close();
            } else {
                server = weft::stream();
            }
            try {
                co_await accepting;
                ADD_FAILURE();
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::connection_aborted);
            }
            EXPECT_EQ(co_await client.read(1), "");
        });
    }
}

TEST(start_tls, of_which_nothing_comes_gives_up_after_the_timeout_of_its_context) {
    run([]() -> weft::task<> {
        for (const auto limit : {60s, 3s}) {
            auto [client, server] = co_await connect_streams();
            const auto began = weft::get_running_loop().time();
            const auto context = limit == 60s ? server_context() : server_context({.handshake_timeout = limit});
            const auto why = co_await thrown_by<weft::timeout_error>(start_server_side(server, context));
            EXPECT_EQ(weft::get_running_loop().time() - began, limit);
            EXPECT_THAT(why.what(), HasSubstr("TLS handshake with 127.0.0.1:"));
            EXPECT_THAT(why.what(), HasSubstr(limit == 60s ? "not over after 60 s" : "not over after 3 s"));
            EXPECT_THROW(co_await server.read(1), weft::timeout_error);
        }
    });
}

TEST(start_tls, of_a_peer_that_leaves_or_resets_says_so) {
    run([]() -> weft::task<> {
        auto gone = co_await connect_streams();
        gone.client = weft::stream();
        EXPECT_EQ((co_await thrown_by<weft::tls_error>(start_server_side(gone.server, server_context()))).code(),
                  tls_errc::closed_in_handshake);
        auto both = co_await connect_streams();
        auto accepting =
            weft::create_task(thrown_by<std::system_error>(start_server_side(both.server, server_context())));
        co_await settle();
        both.client.abort();
        const auto why = co_await accepting;
        EXPECT_EQ(why.code(), std::errc::connection_reset);
        EXPECT_THAT(why.what(), HasSubstr("TLS handshake with 127.0.0.1:"));
    });
}

TEST(start_tls, that_fails_fails_whoever_waits_to_write) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        auto connecting =
            weft::create_task(thrown_by<weft::tls_error>(start_client_side(client, client_context(), "localhost")));
        co_await settle();
        auto writing = weft::create_task(
            [](weft::stream& s) -> weft::task<> { co_await s.write(std::string(1 << 20, 'x')); }(client));
        co_await settle();
        EXPECT_FALSE(writing.done());
        co_await server.write("this is not TLS at all");
        EXPECT_EQ((co_await connecting).code(), tls_errc::not_tls);
        EXPECT_THROW(co_await writing, weft::tls_error);
        EXPECT_THROW(static_cast<void>(client.write("x")), weft::tls_error);
        co_await settle();
        EXPECT_EQ(client.write_buffer_size(), 0u);
    });
}

TEST(start_tls, of_a_stream_that_is_destroyed_before_it_begins_or_while_it_sends_says_so) {
    run([]() -> weft::task<> {
        for (const bool begun : {false, true}) {
            auto both = co_await connect_streams();
            static_cast<void>(both.client.write(std::string(8 << 20, 'x')));
            auto starting =
                weft::create_task(both.client.start_tls(client_context(), {.server_hostname = "localhost"}));
            if (begun) co_await weft::yield_now();
            both.client.abort();
            both.client = {};
            try {
                co_await starting;
                ADD_FAILURE() << begun;
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::connection_aborted);
                EXPECT_THAT(e.what(), HasSubstr("destroyed"));
            }
        }
    });
}

TEST(stream_descriptor, over_tls_is_that_of_the_socket_below) {
    run([]() -> weft::task<> {
        auto both = co_await connect_streams();
        const weft::native_handle socket = both.client.descriptor();
        auto accepting = weft::create_task(start_server_side(both.server, server_context()));
        co_await start_client_side(both.client, client_context(), "localhost");
        co_await accepting;
        EXPECT_EQ(both.client.descriptor(), socket);
        EXPECT_GE(socket, 0);
    });
}

TEST(stream_task, over_tls_has_a_time_limit_as_well) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        EXPECT_THROW(co_await weft::wait_for(server.read_line(), 1s), weft::timeout_error);
        co_await weft::wait_for(client.write("line\n"), 1s);
        EXPECT_EQ(co_await weft::wait_for(server.read_line(), 1s), "line");
    });
}

}  // namespace
