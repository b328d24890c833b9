// SPDX-License-Identifier: Apache-2.0
// TLS in TLS that ends while the inner handshake is under way: each side is told how, the outer layer takes its leave, and
// nothing is left of either.
#include "tls/secured_protocols.hpp"

#include <optional>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using weft::tls_errc;

namespace {

weft::task<> close_stream(weft::stream& s) { co_await s.close(); }
weft::task<> read_all(weft::stream& s) { co_await s.read_all(); }

TEST(tls_in_tls, closed_or_destroyed_in_the_inner_handshake_says_so_and_takes_leave) {
    for (const bool by_closing : {true, false}) {
        run([by_closing]() -> weft::task<> {
            auto [client, server] = co_await connect_secured();
            auto connecting = weft::create_task(start_client_side(client, client_context(), "localhost"));
            co_await settle();
            std::optional<weft::task_handle<>> closing;
            if (by_closing) {
                closing.emplace(weft::create_task(close_stream(client)));
            } else {
                client = weft::stream();
            }
            const auto began = weft::get_running_loop().time();
            try {
                co_await connecting;
                ADD_FAILURE();
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::connection_aborted);
                EXPECT_THAT(e.what(), HasSubstr("closed during its TLS handshake"));
            }
            EXPECT_NE(co_await server.read_all(), "");  // a hello and the end: it was not cut off
            co_await server.close();
            if (closing) co_await *closing;
            EXPECT_EQ(weft::get_running_loop().time(), began);
        });
    }
}

TEST(tls_in_tls, closed_in_the_inner_handshake_waits_for_an_answer_no_longer_than_the_timeout) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        auto connecting = weft::create_task(start_client_side(client, client_context(), "localhost"));
        co_await settle();
        const auto began = weft::get_running_loop().time();
        const auto why = co_await thrown_by<std::system_error>(close_stream(client));
        EXPECT_EQ(why.code(), std::errc::timed_out);
        EXPECT_THAT(why.what(), MatchesRegex("TLS with 127.0.0.1:[0-9]+: close_notify was not answered within 30 s.*"));
        EXPECT_EQ(weft::get_running_loop().time() - began, 30s);
        EXPECT_THROW(co_await connecting, std::system_error);
    });
}

TEST(tls_in_tls, aborted_or_cancelled_in_the_inner_handshake_resets_the_connection) {
    for (const bool is_cancelled : {true, false}) {
        run([is_cancelled]() -> weft::task<> {
            auto [client, server] = co_await connect_secured();
            auto connecting = weft::create_task(start_client_side(client, client_context(), "localhost"));
            co_await settle();
            if (is_cancelled) {
                connecting.cancel();
                EXPECT_THROW(co_await connecting, weft::cancelled_error);
            } else {
                client.abort();
                EXPECT_THROW(co_await connecting, std::system_error);
            }
            client = weft::stream();
            EXPECT_EQ((co_await thrown_by<std::system_error>(read_all(server))).code(), std::errc::connection_reset);
        });
    }
}

TEST(tls_in_tls, whose_peer_leaves_or_resets_in_the_inner_handshake_says_so) {
    for (const bool leaves : {true, false}) {
        run([leaves]() -> weft::task<> {
            auto [client, server] = co_await connect_secured();
            auto accepting =
                weft::create_task(thrown_by<std::system_error>(start_server_side(server, server_context())));
            co_await settle();
            std::optional<weft::task_handle<>> closing;
            if (leaves) {
                closing.emplace(weft::create_task(close_stream(client)));
            } else {
                client.abort();
            }
            const auto why = co_await accepting;
            EXPECT_TRUE(leaves ? why.code() == tls_errc::closed_in_handshake
                               : why.code() == std::errc::connection_reset)
                << why.what();
            EXPECT_THAT(why.what(), HasSubstr("TLS handshake with 127.0.0.1:"));
            server = weft::stream();
            if (closing) co_await *closing;
        });
    }
}

TEST(tls_in_tls, that_is_no_tls_inside_fails_and_closes_as_tls_does) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        auto accepting = weft::create_task(thrown_by<weft::tls_error>(start_server_side(server, server_context())));
        co_await client.write("this is not TLS at all");
        EXPECT_EQ((co_await accepting).code(), tls_errc::not_tls);
        server = weft::stream();
        EXPECT_EQ(co_await client.read_all(), "");  // the end: it was not cut off
        co_await client.close();
    });
}

TEST(tls_in_tls, closed_on_both_sides_at_once_ends_at_once) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        auto accepting = weft::create_task(start_server_side(server, server_context()));
        co_await start_client_side(client, client_context(), "localhost");
        co_await accepting;
        const auto began = weft::get_running_loop().time();
        co_await weft::gather(close_stream(client), close_stream(server));
        EXPECT_EQ(weft::get_running_loop().time(), began);
    });
}

TEST(tls_in_tls, of_a_transport_closed_in_the_inner_handshake_sends_first_what_was_written_before_it) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_secured());
        co_await close_behind_much_that_is_unsent(both);
        EXPECT_THAT(both.at_server->next(), EndsWith("lost"));
    });
}

}  // namespace
