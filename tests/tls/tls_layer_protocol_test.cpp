// SPDX-License-Identifier: Apache-2.0
// Protocols over TLS, by create_server() and create_connection(): what they are told, and when.
#include "tls/secured_protocols.hpp"

using namespace std::chrono_literals;
using namespace weft_test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using weft::tls_errc;

namespace {

/// A server whose protocols write in one diary, and a client of it that writes in another.
struct pair_of_protocols {
    diary at_client, at_server;
    std::shared_ptr<witness> client, server;  // the server's last one
    std::optional<weft::server> listening;

    auto make_server() {
        return [this] { return server = std::make_shared<witness>(at_server); };
    }
    auto make_client() {
        return [this] { return client = std::make_shared<witness>(at_client); };
    }
    weft::task<> listen(weft::tls_context context = server_context()) {
        listening.emplace(co_await weft::create_server(make_server(), "127.0.0.1", 0, {.tls = context}));
    }
    weft::task<> connect(weft::tls_context context = client_context()) {
        co_await weft::create_connection(make_client(), "127.0.0.1", listening->port(), {.tls = context});
        co_await settle();
    }
    weft::task<> connect_both() {
        co_await listen();
        co_await connect();
        at_client.next();
        at_server.next();
    }
};

TEST(protocols_over_tls, are_made_after_the_handshake_talk_both_ways_and_end_by_close_notify) {
    run([]() -> weft::task<> {
        pair_of_protocols both;
        co_await both.listen();
        co_await both.connect();
        EXPECT_EQ(both.at_client.next() + ", " + both.at_server.next(), "made, made");
        both.client->transport.write("hello");
        both.server->transport.write("good day");
        co_await settle();
        EXPECT_EQ(both.at_client.next() + ", " + both.at_server.next(), "good day, hello");
        both.client->transport.close();
        both.client->transport.write("too late");
        co_await both.client->transport.wait_closed();
        co_await both.server->transport.wait_closed();
        EXPECT_EQ(both.at_client.next() + ", " + both.at_server.next(), "lost, eof lost");
    });
}

TEST(protocols_over_tls, can_look_at_what_was_agreed_on_until_the_connection_is_lost) {
    run([]() -> weft::task<> {
        pair_of_protocols both;
        std::string seen;
        both.at_client.during = [&](const std::string& word) {
            if (word == "made") seen = both.client->transport.tls().value().peer_certificate.value().subject;
        };
        co_await both.listen(server_context({.alpn_protocols = {"echo"}}));
        co_await both.connect(client_context({.alpn_protocols = {"echo"}}));
        EXPECT_EQ(seen, "CN=localhost");
        const auto info = both.server->transport.tls();
        EXPECT_EQ(info->version + " " + info->alpn_protocol, "TLSv1.3 echo");
        EXPECT_FALSE(info->peer_certificate);
        EXPECT_EQ(both.client->transport.peer(), both.server->transport.local());
        both.client->transport.abort();
        co_await both.client->transport.wait_closed();
        EXPECT_FALSE(both.client->transport.tls());

        both.at_client.during = [](const std::string&) {};
        auto plain = co_await weft::create_server(both.make_server(), "127.0.0.1", 0);
        const auto made = co_await weft::create_connection(both.make_client(), "127.0.0.1", plain.port());
        EXPECT_FALSE(made.transport.tls());
    });
}

TEST(protocols_over_tls, of_a_unix_socket_name_the_host_themselves) {
    run([]() -> weft::task<> {
        diary at_client, at_server;
        const std::string path("\0weft_tls_protocol_test", 23);  // abstract: no file is left
        auto server = co_await weft::create_unix_server([&] { return std::make_unique<witness>(at_server); }, path,
                                                        {.tls = server_context()});
        const auto make = [&] { return std::make_unique<witness>(at_client); };
        auto [transport, protocol] = co_await weft::create_unix_connection(
            make, path, {.tls = client_context(), .server_hostname = "localhost"});
        transport.write("hello");
        transport.close();
        co_await transport.wait_closed();
        EXPECT_EQ(at_client.next() + ", " + at_server.next(), "made lost, made hello eof lost");
        EXPECT_THROW(co_await weft::create_unix_connection(make, path, {.tls = client_context()}),
                     std::invalid_argument);
    });
}

TEST(protocols_over_tls, may_be_buffered) {
    run([]() -> weft::task<> {
        pair_of_protocols both;
        co_await both.listen();
        diary log;
        const auto make = [&log] { return std::make_unique<buffered_recorder>(log, 3); };
        auto [transport, protocol] =
            co_await weft::create_connection(make, "127.0.0.1", both.listening->port(), {.tls = client_context()});
        co_await settle();
        both.server->transport.write("hello");
        both.server->transport.close();
        co_await transport.wait_closed();
        EXPECT_EQ(log.next(), "made get5 hel get2 lo eof lost");
    });
}

// Handshakes that fail

TEST(create_connection, over_tls_throws_why_the_server_is_not_believed_and_makes_no_protocol) {
    run([]() -> weft::task<> {
        reports heard;
        pair_of_protocols both;
        co_await both.listen(server_context({}, authority::self_signed()));
        const auto why = co_await thrown_by<weft::tls_error>(both.connect());
        EXPECT_EQ(why.code(), tls_errc::self_signed_certificate);
        EXPECT_THAT(why.what(), StartsWith("TLS handshake with 127.0.0.1:"));
        co_await settle();
        EXPECT_FALSE(both.client);
        EXPECT_FALSE(both.server);
        EXPECT_THAT(heard.messages, ElementsAre("A client's TLS handshake failed"));

        co_await both.listen(server_context({}, the_authority().issue({.alternative_names = "DNS:example.org"})));
        EXPECT_EQ((co_await thrown_by<weft::tls_error>(both.connect())).code(), tls_errc::host_mismatch);
    });
}

TEST(create_connection, over_tls_that_nobody_answers_gives_up_after_the_timeout_of_its_context) {
    run([]() -> weft::task<> {
        auto silent =
            co_await weft::start_server([](weft::stream s) -> weft::task<> { co_await s.read_all(); }, "127.0.0.1", 0);
        const auto port = silent.port();
        diary log;
        const auto connect = [&log](std::uint16_t at, weft::connect_options options) -> weft::task<> {
            co_await weft::create_connection([&log] { return std::make_unique<witness>(log); }, "127.0.0.1", at,
                                             options);
        };
        const auto began = weft::get_running_loop().time();
        weft::connect_options options{.tls = client_context()};
        EXPECT_THAT((co_await thrown_by<weft::timeout_error>(connect(port, options))).what(),
                    HasSubstr("not over after 60 s"));
        EXPECT_EQ(weft::get_running_loop().time() - began, 60s);
        options.timeout = 2s;
        EXPECT_THROW(co_await connect(port, options), weft::timeout_error);
        EXPECT_EQ(weft::get_running_loop().time() - began, 62s);
        EXPECT_EQ(log.next(), "");
    });
}

TEST(create_connection, over_tls_cancelled_or_given_up_in_its_handshake_closes_the_connection) {
    run([]() -> weft::task<> {
        std::vector<std::string> ends;
        const auto listen = [&ends](weft::stream s) -> weft::task<> {
            try {
                co_await s.read_all();
                ends.push_back("end");
            } catch (const std::system_error& e) {
                ends.push_back("reset");
            }
        };
        auto silent = co_await weft::start_server(listen, "127.0.0.1", 0);
        diary log;
        const auto connect = [&] {
            return weft::create_connection([&log] { return std::make_unique<witness>(log); }, "127.0.0.1",
                                           silent.port(), {.tls = client_context()});
        };
        auto task = weft::create_task(connect());
        co_await settle();
        task.cancel();
        EXPECT_THROW(co_await task, weft::cancelled_error);
        EXPECT_THROW(co_await weft::wait_for(connect(), 1s), weft::timeout_error);
        co_await settle();
        EXPECT_THAT(ends, ElementsAre("reset", "reset"));
        EXPECT_EQ(log.next(), "");
    });
}

TEST(create_server, over_tls_reports_a_client_that_speaks_none_or_nothing_and_serves_the_others) {
    run([]() -> weft::task<> {
        reports heard;
        pair_of_protocols both;
        co_await both.listen();
        auto plain = co_await weft::open_connection("127.0.0.1", both.listening->port());
        auto silent = co_await weft::open_connection("127.0.0.1", both.listening->port());
        co_await plain.write("GET / HTTP/1.1\r\n\r\n");
        EXPECT_EQ(co_await plain.read_all(), "");
        EXPECT_FALSE(both.server);
        co_await both.connect();
        both.client->transport.write("hello");
        co_await weft::sleep(60s);
        EXPECT_EQ(both.at_server.next(), "made hello");
        EXPECT_EQ(both.listening->connections(), 1u);
        EXPECT_THAT(heard.messages, ElementsAre("A client's TLS handshake failed", "A client's TLS handshake failed"));
    });
}

TEST(create_server, over_tls_that_wants_a_certificate_tells_a_client_without_one_after_connection_made) {
    run([]() -> weft::task<> {
        reports heard;
        pair_of_protocols both;
        co_await both.listen(
            server_context({.client_ca_pem = the_authority().pem(), .require_client_certificate = true}));
        co_await both.connect();
        EXPECT_EQ(both.at_client.next(), "made lost:");
        EXPECT_THAT(both.client->why, HasSubstr("alert certificate required"));
        EXPECT_FALSE(both.server);

        co_await both.connect(client_context({.identity = identity(the_authority().issue({.name = "me"}))}));
        EXPECT_EQ(both.server->transport.tls()->peer_certificate->subject, "CN=me");
    });
}

// How connections end

/// One end of a wire over TLS is a protocol's, the other a stream.
struct on_a_wire {
    wire w;
    diary log;
    std::shared_ptr<witness> protocol = std::make_shared<witness>(log);
    weft::stream peer;

    weft::task<> connect(bool with_protocol = true) {
        auto s = wire::stream_at(w.server_end);
        peer = wire::stream_at(w.client_end);
        auto accepting = weft::create_task(start_server_side(s, server_context()));
        auto connecting = weft::create_task(start_client_side(peer, client_context(), "localhost"));
        co_await w.carry_all();
        co_await accepting;
        co_await connecting;
        if (with_protocol) co_await weft::connect_protocol(std::move(s), protocol);
        log.next();
    }
};

TEST(a_protocol_over_tls, whose_connection_is_cut_off_is_lost_by_that_and_is_told_first_what_had_come) {
    run([]() -> weft::task<> {
        on_a_wire one;
        co_await one.connect();
        co_await one.peer.write("pay 100 to B");
        co_await one.w.carry_all();
        one.w.server.sink->on_end();  // of TCP, without close_notify
        co_await one.protocol->transport.wait_closed();
        EXPECT_EQ(one.log.next(), "pay 100 to B lost:");
        EXPECT_THAT(one.protocol->why, HasSubstr("without close_notify"));
    });
}

TEST(a_protocol_over_tls, is_lost_by_a_byte_that_was_changed_on_the_way) {
    run([]() -> weft::task<> {
        on_a_wire one;
        co_await one.connect();
        co_await one.peer.write("pay 100 to Bob");
        one.w.client.on_the_way.back() ^= 1;
        co_await one.w.carry_all();
        EXPECT_EQ(one.log.next(), "lost:");
        EXPECT_THAT(one.protocol->why, HasSubstr("bad record mac"));
    });
}

TEST(a_protocol_over_tls, paused_is_told_what_came_and_how_it_ended_when_it_resumes) {
    run([]() -> weft::task<> {
        pair_of_protocols both;
        co_await both.connect_both();
        both.client->transport.pause_reading();
        both.server->transport.write("hello");
        both.server->transport.close();
        co_await settle();
        EXPECT_EQ(both.at_client.next(), "");
        both.client->transport.resume_reading();
        co_await both.client->transport.wait_closed();
        EXPECT_EQ(both.at_client.next(), "hello eof lost");
    });
}

TEST(a_protocol_over_tls, that_stays_open_after_the_peers_end_can_still_write) {
    run([]() -> weft::task<> {
        pair_of_protocols both;
        co_await both.connect_both();
        both.server->keeps_open = true;
        both.client->transport.write_eof();
        co_await settle();
        EXPECT_EQ(both.at_server.next(), "eof");
        both.server->transport.write("still here");
        both.server->transport.close();
        co_await both.client->transport.wait_closed();
        EXPECT_EQ(both.at_client.next(), "still here eof lost");
    });
}

TEST(a_protocol_over_tls, aborted_resets_the_connection) {
    run([]() -> weft::task<> {
        pair_of_protocols both;
        co_await both.connect_both();
        both.server->transport.abort();
        co_await both.client->transport.wait_closed();
        EXPECT_EQ(both.at_server.next() + ", " + both.at_client.next(), "lost, lost:");
        EXPECT_THAT(both.client->why, StartsWith("generic: read from 127.0.0.1:"));
    });
}

TEST(a_protocol_over_tls, that_throws_ends_its_connection) {
    run([]() -> weft::task<> {
        reports heard;
        pair_of_protocols both;
        co_await both.connect_both();
        both.at_server.during = [](const std::string& word) {
            if (word == "boo") throw std::runtime_error("do not");
        };
        both.client->transport.write("boo");
        co_await both.server->transport.wait_closed();
        EXPECT_EQ(both.server->why, "do not");
        EXPECT_THAT(heard.messages, ElementsAre("Fatal error: protocol.data_received() call failed"));
    });
}

TEST(a_protocol_over_tls, that_closes_waits_for_the_peer_no_longer_than_the_timeout_of_its_context) {
    run([]() -> weft::task<> {
        on_a_wire one;
        co_await one.connect();
        const auto began = weft::get_running_loop().time();
        one.protocol->transport.close();
        co_await one.protocol->transport.wait_closed();
        EXPECT_EQ(weft::get_running_loop().time() - began, 30s);
        EXPECT_EQ(one.log.next(), "lost:");
        EXPECT_THAT(one.protocol->why,
                    StartsWith("generic: TLS with wire:1: close_notify was not answered within 30 s"));
    });
}

// Not too much at once

TEST(a_protocol_over_tls, is_paused_above_the_high_watermark_and_goes_on_below_the_low_one) {
    run([]() -> weft::task<> {
        pair_of_protocols both;
        co_await both.connect_both();
        std::size_t received = 0;
        both.at_server.during = [&](const std::string& word) { received += word.size(); };
        both.server->transport.pause_reading();
        const std::string big(16 << 20, 'x');
        both.client->transport.write(big);
        EXPECT_EQ(both.at_client.next(), "pause");
        EXPECT_GT(both.client->transport.get_write_buffer_size(), 64u * 1024);
        co_await settle();
        EXPECT_EQ(both.at_client.next(), "");  // nobody reads
        EXPECT_EQ(received, 0u);
        both.server->transport.resume_reading();
        co_await settle();
        EXPECT_EQ(both.at_client.next(), "resume");
        EXPECT_EQ(received, big.size());
        EXPECT_EQ(both.client->transport.get_write_buffer_size(), 0u);
    });
}

TEST(a_protocol_over_tls, may_write_16_MiB_and_close_and_all_of_it_arrives) {
    run([]() -> weft::task<> {
        pair_of_protocols both;
        co_await both.listen();
        both.at_server.during = [&](const std::string& word) {
            if (word != "made") return;
            both.server->transport.write(std::string(16 << 20, 'x'));
            both.server->transport.close();
        };
        auto client = co_await weft::open_connection("127.0.0.1", both.listening->port(),
                                                     {.tls = client_context(), .limit = 1024});
        co_await settle();
        EXPECT_EQ((co_await client.read_all()).size(), 16u << 20);
        co_await client.close();
        co_await both.server->transport.wait_closed();
        EXPECT_EQ(both.server->why, "");
    });
}

}  // namespace
