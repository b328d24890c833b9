// SPDX-License-Identifier: Apache-2.0
// A transport that goes on over TLS: what belongs to which side of the change, and what its protocols are told of it.
#include "tls/secured_protocols.hpp"

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

TEST(start_tls_of_a_transport, in_mid_connection_sends_first_what_was_written_before) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        const std::string big(8 << 20, 'x');
        std::size_t plain = 0;
        both.at_client->during = [&](const std::string& word) {
            if (!word.starts_with('x')) return;
            plain += word.size();
            if (plain == big.size()) weft::spawn(secure_client(both.client));
        };
        both.server->transport.write(big);  // so much that most of it still waits
        auto accepting = weft::create_task(secure_server(both.server));
        co_await accepting;
        co_await settle();
        EXPECT_EQ(plain, big.size());
        both.at_client->during = [](const std::string&) {};
        EXPECT_THAT(both.at_client->next(), testing::EndsWith("x secured"));
        EXPECT_EQ(both.at_server->next(), "pause secured resume");
        both.client->transport.write("hello");
        both.server->transport.write("good day");
        co_await settle();
        EXPECT_EQ(both.at_client->next(), "good day");
        EXPECT_EQ(both.at_server->next(), "hello");
        EXPECT_EQ(both.client->transport.tls()->peer_certificate->subject, "CN=localhost");
        EXPECT_EQ(both.server->transport.tls()->server_name, "localhost");
        both.client->transport.close();
        co_await both.server->transport.wait_closed();
        EXPECT_EQ(both.at_server->next(), "eof lost");
        co_await both.client->transport.wait_closed();
        EXPECT_EQ(both.at_client->next(), "lost");
        EXPECT_FALSE(both.client->transport.tls());
    });
}

TEST(start_tls_of_a_transport, gives_the_same_transport_on_which_every_handle_is_protected) {
    run([]() -> weft::task<> {
        wire w;
        diary log;
        const auto p = std::make_shared<witness>(log);
        const auto before = co_await weft::connect_protocol(wire::stream_at(w.client_end), p);
        EXPECT_FALSE(before.tls());
        auto s = wire::stream_at(w.server_end);
        auto accepting = weft::create_task(start_server_side(s, server_context()));
        auto connecting =
            weft::create_task(weft::start_tls(before, p, client_context(), {.server_hostname = "localhost"}));
        co_await weft::yield_now();
        before.write("a secret");  // in the handshake already
        EXPECT_EQ(before.get_write_buffer_size(), 8u);
        EXPECT_THAT(w.client.on_the_way, testing::Not(HasSubstr("secret")));
        co_await w.carry_all();
        const auto after = co_await connecting;
        co_await accepting;
        EXPECT_EQ(after, before);
        EXPECT_EQ(co_await s.read(100), "a secret");
        before.write("another");
        EXPECT_THAT(w.client.on_the_way, testing::Not(HasSubstr("another")));
        co_await w.carry_all();
        EXPECT_EQ(co_await s.read(100), "another");
        after.abort();
    });
}

TEST(start_tls_of_a_transport, tells_the_protocol_nothing_before_whoever_awaits_it_has_gone_on) {
    run([]() -> weft::task<> {
        wire w;
        diary log;
        const auto p = std::make_shared<witness>(log);
        co_await weft::connect_protocol(wire::stream_at(w.server_end), p);
        auto s = wire::stream_at(w.client_end);
        auto accepting = weft::create_task(secure_server(p));
        auto connecting = weft::create_task(start_client_side(s, client_context(), "localhost"));
        co_await weft::yield_now();
        co_await weft::yield_now();
        static_cast<void>(s.write("at once"));  // comes with the end of the handshake
        s.write_eof();
        while (!accepting.done()) {
            w.carry();
            p->transport.resume_reading();  // whatever the protocol does
            co_await weft::yield_now();
        }
        co_await w.carry_all();
        co_await connecting;
        EXPECT_EQ(log.next(), "made secured at once eof lost");
    });
}

TEST(start_tls_of_a_transport, takes_a_handshake_that_was_read_ahead) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        both.server->transport.pause_reading();
        auto connecting = weft::create_task(secure_client(both.client));
        co_await settle();
        EXPECT_FALSE(connecting.done());
        co_await secure_server(both.server);
        co_await connecting;
        EXPECT_TRUE(both.server->transport.is_reading());
        both.client->transport.write("on");
        co_await settle();
        EXPECT_EQ(both.at_server->next(), "secured on");
    });
}

TEST(start_tls_of_a_transport, never_takes_plaintext_that_was_read_ahead_for_protected) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        both.server->transport.pause_reading();
        both.client->transport.write("MAIL FROM: <somebody else>");
        co_await settle();
        EXPECT_EQ((co_await thrown_by<weft::tls_error>(secure_server(both.server))).code(), weft::tls_errc::not_tls);
        co_await both.server->transport.wait_closed();
        EXPECT_EQ(both.at_server->next(), "lost:");
        EXPECT_THAT(both.server->why, StartsWith("tls: TLS handshake with 127.0.0.1:"));
    });
}

TEST(start_tls_of_a_transport, goes_on_with_another_protocol_that_is_not_told_of_the_beginning) {
    run([]() -> weft::task<> {
        diary later;
        auto both = co_await connect_protocols(co_await connect_streams());
        auto accepting = weft::create_task(secure_server(both.server));
        const auto next = std::make_shared<buffered_recorder>(later, 4);
        std::shared_ptr<weft::buffered_protocol> base = next;
        const auto t =
            co_await weft::start_tls(both.client->transport, base, client_context(), {.server_hostname = "localhost"});
        co_await accepting;
        EXPECT_EQ(t.get_protocol(), next);
        both.client->transport = {};
        EXPECT_EQ(both.client.use_count(), 1);  // the one before is let go
        both.server->transport.write("hello");
        both.server->transport.close();
        co_await t.wait_closed();
        EXPECT_EQ(later.next(), "get5 hell get1 o eof lost");
        EXPECT_EQ(both.at_client->next(), "");
    });
}

TEST(start_tls_of_a_transport, ends_our_direction_after_the_handshake_if_that_was_wanted_meanwhile) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        both.server->keeps_open = true;
        auto connecting = weft::create_task(secure_client(both.client));
        co_await weft::yield_now();
        both.client->transport.write_eof();
        co_await secure_server(both.server);
        co_await connecting;
        co_await settle();
        EXPECT_EQ(both.at_server->next(), "secured eof");
        both.server->transport.write("still");
        co_await settle();
        EXPECT_EQ(both.at_client->next(), "secured still");
    });
}

TEST(start_tls_of_a_transport, over_tls_is_tls_in_tls) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_secured());
        EXPECT_TRUE(both.client->transport.tls());
        auto accepting = weft::create_task(secure_server(both.server));
        co_await secure_client(both.client);
        co_await accepting;
        both.client->transport.write("twice");
        co_await settle();
        EXPECT_EQ(both.at_server->next(), "secured twice");
    });
}

TEST(start_tls_of_a_transport, refuses_what_makes_no_sense_and_leaves_the_transport_as_it_is) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        const auto t = both.client->transport;
        const auto client = client_context();
        EXPECT_THROW(co_await weft::start_tls(t, both.client, client), std::invalid_argument);
        const weft::start_tls_options named{.server_hostname = "localhost"};
        EXPECT_THROW(co_await weft::start_tls(t, both.client, server_context(), named), std::invalid_argument);
        EXPECT_THROW(co_await weft::start_tls(t, std::shared_ptr<weft::protocol>(), client, named),
                     std::invalid_argument);
        EXPECT_THROW(co_await weft::start_tls(weft::transport(), both.client, client, named),
                     weft::invalid_state_error);
        t.write("still plain");
        co_await settle();
        EXPECT_EQ(both.at_server->next(), "still plain");
        t.write_eof();
        EXPECT_THROW(co_await weft::start_tls(t, both.client, client, named), weft::invalid_state_error);
        both.server->keeps_open = true;
        co_await settle();
        EXPECT_THROW(co_await secure_server(both.server), weft::invalid_state_error);  // the peer has ended
        both.server->transport.close();
        EXPECT_THROW(co_await secure_server(both.server), weft::invalid_state_error);
        co_await t.wait_closed();
        EXPECT_THROW(co_await weft::start_tls(t, both.client, client, named), weft::invalid_state_error);
    });
}

TEST(start_tls_of_a_transport, of_which_a_reset_was_read_ahead_says_so) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        both.server->transport.pause_reading();
        both.client->transport.abort();
        co_await settle();
        const auto why = co_await thrown_by<std::system_error>(secure_server(both.server));
        EXPECT_THAT(why.what(), HasSubstr("127.0.0.1:"));
    });
}

TEST(start_tls_of_a_transport, twice_at_once_is_refused) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        auto first = weft::create_task(secure_server(both.server));
        co_await settle();
        EXPECT_THROW(co_await secure_server(both.server), weft::invalid_state_error);
        co_await secure_client(both.client);
        co_await first;
    });
}

// A handshake that fails

TEST(start_tls_of_a_transport, of_a_peer_that_is_not_believed_fails_on_both_sides) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        auto accepting = weft::create_task(
            thrown_by<weft::tls_error>(secure_server(both.server, server_context({}, authority::self_signed()))));
        const auto why = co_await thrown_by<weft::tls_error>(secure_client(both.client));
        EXPECT_EQ(why.code(), weft::tls_errc::self_signed_certificate);
        EXPECT_EQ((co_await accepting).code(), weft::tls_errc::refused_by_peer);
        co_await both.client->transport.wait_closed();
        co_await both.server->transport.wait_closed();
        EXPECT_EQ(both.at_client->next() + both.at_server->next(), "lost:lost:");
        EXPECT_EQ(both.client->why, std::string("tls: ") + why.what());
    });
}

TEST(start_tls_of_a_transport, of_which_nothing_comes_gives_up_after_the_timeout_of_its_context) {
    run([]() -> weft::task<> {
        for (const auto limit : {60s, 3s}) {
            auto both = co_await connect_protocols(co_await connect_streams());
            const auto began = weft::get_running_loop().time();
            const auto context = limit == 60s ? server_context() : server_context({.handshake_timeout = limit});
            const auto why = co_await thrown_by<weft::timeout_error>(secure_server(both.server, context));
            EXPECT_EQ(weft::get_running_loop().time() - began, limit);
            EXPECT_THAT(why.what(), HasSubstr(limit == 60s ? "not over after 60 s" : "not over after 3 s"));
            co_await both.server->transport.wait_closed();
            EXPECT_EQ(both.at_server->next(), "lost:");
            EXPECT_EQ(both.server->why, why.what());
            co_await both.client->transport.wait_closed();
        }
    });
}

TEST(start_tls_of_a_transport, of_a_peer_that_leaves_or_resets_says_so) {
    run([]() -> weft::task<> {
        for (const bool resets : {false, true}) {
            auto both = co_await connect_protocols(co_await connect_streams());
            auto accepting = weft::create_task(thrown_by<std::system_error>(secure_server(both.server)));
            co_await settle();
            resets ? both.client->transport.abort() : both.client->transport.close();
            const auto why = co_await accepting;
            if (resets) {
                EXPECT_EQ(why.code(), std::errc::connection_reset);
            } else {
                EXPECT_EQ(why.code(), weft::tls_errc::closed_in_handshake);
            }
            co_await both.server->transport.wait_closed();
            EXPECT_EQ(both.at_server->next(), "lost:");
        }
    });
}

TEST(start_tls_of_a_transport, cancelled_while_handshaking_ends_the_connection) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        auto accepting = weft::create_task(secure_server(both.server));
        co_await settle();
        EXPECT_TRUE(accepting.cancel());
        EXPECT_THROW(co_await accepting, weft::cancelled_error);
        co_await both.server->transport.wait_closed();
        EXPECT_EQ(both.at_server->next(), "lost:");
        EXPECT_THAT(both.server->why, HasSubstr("was cancelled"));
        co_await both.client->transport.wait_closed();
        EXPECT_EQ(both.at_client->next(), "lost:");  // a reset
    });
}

TEST(start_tls_of_a_transport, cancelled_when_the_handshake_is_just_over_gives_back_a_connection_that_works) {
    run([]() -> weft::task<> {
        wire w;
        diary log;
        const auto p = std::make_shared<witness>(log);
        co_await weft::connect_protocol(wire::stream_at(w.server_end), p);
        auto s = wire::stream_at(w.client_end);
        auto connecting = weft::create_task(start_client_side(s, client_context(), "localhost"));
        auto accepting = weft::create_task(secure_server(p));
        for (int i = 0; i < 8 && !p->transport.tls(); ++i) {
            co_await weft::yield_now();
            while (!p->transport.tls() && w.carry()) {
            }
        }
        EXPECT_TRUE(p->transport.tls());
        EXPECT_FALSE(accepting.done());
        accepting.cancel();
        EXPECT_THROW(co_await accepting, weft::cancelled_error);
        co_await w.carry_all();
        co_await connecting;
        static_cast<void>(s.write("hello"));
        co_await w.carry_all();
        EXPECT_EQ(log.next(), "made hello");
        p->transport.abort();
    });
}

TEST(start_tls_of_a_transport, destroyed_while_handshaking_ends_the_connection) {
    connected_protocols both;  // which see the loop go
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    loop.run_until_complete([](connected_protocols& made) -> weft::task<> {
        made = co_await connect_protocols(co_await connect_streams());
        weft::spawn(secure_server(made.server));
        for (int i = 0; i < 4; ++i) co_await weft::yield_now();
    }(both));
    loop.close();
    EXPECT_TRUE(both.server->transport.is_closing());
    EXPECT_EQ(both.at_server->next(), "");
}

TEST(start_tls_of_a_transport, that_is_closed_or_aborted_meanwhile_fails) {
    run([]() -> weft::task<> {
        for (const bool by_closing : {true, false}) {
            auto both = co_await connect_protocols(co_await connect_streams());
            auto accepting = weft::create_task(thrown_by<std::system_error>(secure_server(both.server)));
            co_await settle();
            by_closing ? both.server->transport.close() : both.server->transport.abort();
            const auto why = co_await accepting;
            EXPECT_EQ(why.code(), std::errc::connection_aborted);
            EXPECT_THAT(why.what(), HasSubstr("closed during its TLS handshake"));
            co_await both.server->transport.wait_closed();
            EXPECT_EQ(both.at_server->next(), "lost");
            co_await both.client->transport.wait_closed();
        }
    });
}

TEST(start_tls_of_a_transport, that_is_closed_with_something_to_send_finishes_its_handshake_first) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        auto accepting = weft::create_task(secure_server(both.server));
        co_await settle();
        both.server->transport.write("last words");
        both.server->transport.close();
        co_await secure_client(both.client);
        co_await accepting;
        co_await both.client->transport.wait_closed();
        EXPECT_EQ(both.at_client->next(), "secured last words eof lost");
        co_await both.server->transport.wait_closed();
        EXPECT_EQ(both.at_server->next(), "secured lost");
    });
}

}  // namespace
