// SPDX-License-Identifier: Apache-2.0
// What a context takes and refuses, and what two contexts agree on: protocols, hosts, sessions.
#include "io/recorder.hpp"
#include "tls/secured.hpp"
#include "tls/tls_context_core.hpp"

#include <openssl/err.h>

#include <thread>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;
using weft::tls_errc;

/// The thread sanitizer does not see how OpenSSL, which is not built for it, shares what it has learnt of a certificate.
extern "C" const char* __tsan_default_suppressions() { return "race:libcrypto.so"; }

namespace {

TEST(tls_context, reads_files) {
    const certificate_files f;
    run([&]() -> weft::task<> {
        auto both = co_await connect_secured(weft::tls_context::client({.system_authorities = false, .ca_file = f.ca}),
                                             weft::tls_context::server(f.certificate, f.key, {.client_ca_file = f.ca}));
        EXPECT_TRUE(both.client.tls());
    });
}

TEST(tls_context, says_what_is_wrong_with_what_it_is_given) {
    const auto& [certificate, key] = the_server();
    const auto server = [](weft::tls_identity i, weft::tls_server_options o = {}) {
        return [=] { static_cast<void>(weft::tls_context::server(i, o)); };
    };
    const auto client = [](weft::tls_client_options o) {
        return [=] { static_cast<void>(weft::tls_context::client(o)); };
    };
    refuses_to_make(server({}), "the certificate is missing");
    refuses_to_make(server({.certificate_pem = certificate}), "the key is missing");
    refuses_to_make(server({.certificate_file = "x", .certificate_pem = certificate, .key_pem = key}),
                    "is given twice");
    refuses_to_make(server({.certificate_pem = "nonsense", .key_pem = key}), "no certificate in the certificate");
    refuses_to_make(server({.certificate_pem = certificate, .key_pem = "nonsense"}),
                    "no key that can be read in the key");
    refuses_to_make(server({.certificate_pem = certificate, .key_pem = the_authority().issue().key}),
                    "the key in the key is not that of the certificate");
    auto damaged = certificate;
    damaged.replace(damaged.size() / 2, 4, "!!!!");
    refuses_to_make(server({.certificate_pem = damaged, .key_pem = key}), "a certificate in the certificate");
    refuses_to_make(server(identity(the_server()), {.require_client_certificate = true}), "needs a client_ca");
    refuses_to_make(server(identity(the_server()), {.alpn_protocols = {"h2", ""}}), "has not 1 to 255 bytes");
    refuses_to_make(server(identity(the_server()), {.handshake_timeout = 0s}),
                    "handshake_timeout should be a positive time");
    refuses_to_make(client({.handshake_timeout = -1s}), "handshake_timeout should be a positive time");
    refuses_to_make(client({.shutdown_timeout = 0s}), "shutdown_timeout should be a positive time");
    refuses_to_make(client({.ca_pem = "nonsense"}), "no certificate in the authorities");
    refuses_to_make(client({.alpn_protocols = {std::string(256, 'x')}}), "has not 1 to 255 bytes");
    try {
        static_cast<void>(weft::tls_context::server("/nowhere/server.pem", "/nowhere/server.key"));
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
        EXPECT_THAT(e.what(), HasSubstr("/nowhere/server.pem"));
    }
    try {
        static_cast<void>(weft::tls_context::client({.ca_file = "/etc/ssl"}));
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::is_a_directory);
        EXPECT_THAT(e.what(), HasSubstr("read /etc/ssl: "));
    }
}

TEST(tls_context, says_nothing_of_what_openssl_has_complained_of_before) {
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    refuses_to_make([] { static_cast<void>(weft::tls_context::client({.handshake_timeout = 0s})); },
                    "should be a positive time: a configuration");
    EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(tls_context, opens_an_encrypted_key_with_its_password_and_never_asks_the_terminal) {
    const weft::bio_ptr from(BIO_new_mem_buf(the_server().key.data(), -1));
    const weft::key_ptr key(PEM_read_bio_PrivateKey(from.get(), nullptr, nullptr, nullptr));
    const weft::bio_ptr to(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(to.get(), key.get(), EVP_aes_128_cbc(), nullptr, 0, nullptr, const_cast<char*>("sesame"));
    const char* text = nullptr;
    const long size = BIO_get_mem_data(to.get(), &text);
    weft::tls_identity own{.certificate_pem = the_server().certificate,
                           .key_pem = std::string(text, static_cast<std::size_t>(size))};
    for (const char* wrong : {"", "Sesame"}) {
        own.key_password = wrong;
        refuses_to_make([&] { static_cast<void>(weft::tls_context::server(own)); }, "no key that can be read");
    }
    own.key_password = "sesame";
    EXPECT_TRUE(weft::tls_context::server(own).is_server());
}

TEST(alpn, takes_the_servers_first_choice_of_what_the_client_offers) {
    run([]() -> weft::task<> {
        auto both = co_await connect_secured(client_context({.alpn_protocols = {"http/1.1", "h2", "spdy"}}),
                                             server_context({.alpn_protocols = {"h3", "h2", "http/1.1"}}));
        EXPECT_EQ(both.client.tls()->alpn_protocol, "h2");
        EXPECT_EQ(both.server.tls()->alpn_protocol, "h2");
    });
}

TEST(alpn, without_a_protocol_in_common_goes_on_without) {
    run([]() -> weft::task<> {
        const weft::tls_client_options offering{.alpn_protocols = {"h2"}};
        for (const weft::tls_server_options& options :
             {weft::tls_server_options{.alpn_protocols = {"http/1.1"}}, weft::tls_server_options{}}) {
            auto both = co_await connect_secured(client_context(offering), server_context(options));
            EXPECT_EQ(both.client.tls()->alpn_protocol, "");
            EXPECT_EQ(both.server.tls()->alpn_protocol, "");
        }
    });
}

TEST(sni, chooses_the_context_by_the_host_that_is_asked_for) {
    run([]() -> weft::task<> {
        const auto certificate_of = [](const std::string& host) {
            return the_authority().issue({.name = host, .alternative_names = "DNS:" + host});
        };
        const auto other = server_context({.alpn_protocols = {"other"}}, certificate_of("other.example"));
        const auto strict = server_context({.client_ca_pem = the_authority().pem(), .require_client_certificate = true},
                                           certificate_of("strict.example"));
        std::vector<std::string> asked;
        const auto first =
            server_context({.choose_context = [&](const std::string& host) -> std::optional<weft::tls_context> {
                asked.push_back(host);
                if (host == "other.example") return other;
                if (host == "strict.example") return strict;
                if (host == "forbidden.example") throw std::out_of_range("no such host here");
                return std::nullopt;
            }});
        const weft::tls_client_options options{.alpn_protocols = {"other"}};
        for (const std::string host : {"localhost", "other.example", "127.0.0.1"}) {
            auto both = co_await connect_secured(client_context(options), first, host);
            const bool is_other = host == "other.example";
            EXPECT_EQ(both.client.tls()->peer_certificate->subject, is_other ? "CN=other.example" : "CN=localhost");
            EXPECT_EQ(both.client.tls()->alpn_protocol, is_other ? "other" : "");
        }
        EXPECT_THAT(asked, testing::ElementsAre("localhost", "other.example", ""));

        auto refused = co_await connect_streams();
        auto accepting = weft::create_task(thrown_by<std::out_of_range>(start_server_side(refused.server, first)));
        const auto why = co_await thrown_by<weft::tls_error>(
            start_client_side(refused.client, client_context(), "forbidden.example"));
        EXPECT_THAT(why.what(), HasSubstr("unrecognized name"));
        EXPECT_STREQ((co_await accepting).what(), "no such host here");

        auto anonymous = co_await connect_streams();
        auto strictly = weft::create_task(thrown_by<weft::tls_error>(start_server_side(anonymous.server, first)));
        co_await start_client_side(anonymous.client, client_context(), "strict.example");
        EXPECT_EQ((co_await strictly).code(), tls_errc::certificate_required);
    });
}

/// A connection on which both sides have said something: a session to go on with has come.
weft::task<bool> visit(weft::tls_context client, weft::tls_context server, std::string host, std::uint16_t& port) {
    const auto serve = [](weft::stream s) -> weft::task<> {
        if (const auto line = co_await s.read_line()) co_await s.write(*line + "\n");
        co_await s.read_line();
    };
    auto listening = co_await weft::start_server(serve, "127.0.0.1", port, {.tls = server});
    port = listening.port();
    auto s = co_await weft::open_connection("127.0.0.1", port, {.tls = client, .server_hostname = host});
    co_await s.write("hello\n");
    EXPECT_EQ(co_await s.read_line(), "hello");
    const bool resumed = s.tls()->session_resumed;
    EXPECT_EQ(s.tls()->peer_certificate->subject.substr(0, 3), "CN=");
    co_await s.close();
    listening.close();
    co_await listening.wait_closed();
    co_return resumed;
}

TEST(a_session, is_resumed_with_the_same_host_and_port) {
    run([]() -> weft::task<> {
        const auto client = client_context();
        const auto server = server_context();
        std::uint16_t port = 0;
        EXPECT_FALSE(co_await visit(client, server, "localhost", port));
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(co_await visit(client, server, "localhost", port));
        EXPECT_FALSE(co_await visit(client, server, "127.0.0.1", port));  // another name that was verified
        std::uint16_t other_port = 0;
        EXPECT_FALSE(co_await visit(client, server, "localhost", other_port));
        EXPECT_FALSE(co_await visit(client_context(), server, "localhost", port));
    });
}

TEST(a_session, of_another_server_is_a_full_handshake) {
    run([]() -> weft::task<> {
        const auto client = client_context();
        std::uint16_t port = 0;
        EXPECT_FALSE(co_await visit(client, server_context(), "localhost", port));
        EXPECT_FALSE(co_await visit(client, server_context(), "localhost", port));
    });
}

TEST(a_session, is_not_resumed_where_one_side_does_not_want_to) {
    run([]() -> weft::task<> {
        std::uint16_t port = 0;
        for (const bool by_client : {true, false}) {
            const auto client = client_context({.resume_sessions = !by_client});
            const auto server = server_context({.resume_sessions = by_client});
            EXPECT_FALSE(co_await visit(client, server, "localhost", port));
            EXPECT_FALSE(co_await visit(client, server, "localhost", port));
        }
    });
}

TEST(a_session, is_resumed_in_the_context_that_it_was_made_in) {
    run([]() -> weft::task<> {
        const auto other = server_context({}, the_authority().issue({.alternative_names = "DNS:other.example"}));
        const auto server = server_context({.choose_context = [&](const std::string& host) {
            return host == "other.example" ? std::optional(other) : std::nullopt;
        }});
        const auto client = client_context();
        std::uint16_t port = 0;
        for (const char* host : {"localhost", "other.example"}) {
            EXPECT_FALSE(co_await visit(client, server, host, port));
            EXPECT_TRUE(co_await visit(client, server, host, port));
        }
    });
}

TEST(a_session, is_offered_if_the_context_that_was_chosen_by_the_host_offers_it) {
    run([]() -> weft::task<> {
        for (const bool chosen_one_offers : {true, false}) {
            const auto chosen = server_context({.resume_sessions = chosen_one_offers});
            const auto choose = [&](const std::string&) { return std::optional(chosen); };
            const auto server = server_context({.choose_context = choose, .resume_sessions = !chosen_one_offers});
            const auto client = client_context();
            std::uint16_t port = 0;
            EXPECT_FALSE(co_await visit(client, server, "localhost", port));
            const std::string key = "localhost 127.0.0.1:" + std::to_string(port);
            auto session = weft::tls_context_core::of(client)->sessions().take(key);
            EXPECT_EQ(session != nullptr, chosen_one_offers);
            EXPECT_EQ(co_await visit(client, server, "localhost", port), chosen_one_offers);
        }
    });
}

TEST(a_context, serves_several_loops_at_once) {
    const auto client = client_context();
    const auto server = server_context();
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            run([&]() -> weft::task<> {
                std::uint16_t port = 0;
                for (int j = 0; j < 5; ++j) co_await visit(client, server, "localhost", port);
            });
        });
    }
}

TEST(start_server, over_tls_survives_clients_that_fail) {
    run([]() -> weft::task<> {
        std::vector<std::string> reports;
        weft::get_running_loop().set_exception_handler([&](weft::event_loop&, const weft::error_context& c) {
            reports.push_back(c.message + ": " + weft::describe_exception(c.exception));
        });
        const auto echo = [](weft::stream s) -> weft::task<> {
            while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
        };
        auto server =
            co_await weft::start_server(echo, "127.0.0.1", 0, {.tls = server_context({.handshake_timeout = 5s})});
        auto plain = co_await weft::open_connection("127.0.0.1", server.port());
        co_await plain.write("GET / HTTP/1.0\r\n\r\n");
        auto silent = co_await weft::open_connection("127.0.0.1", server.port());
        auto well = co_await weft::open_connection("127.0.0.1", server.port(),
                                                   {.tls = client_context(), .server_hostname = "localhost"});
        co_await well.write("hello\n");
        EXPECT_EQ(co_await well.read_line(), "hello");
        co_await weft::sleep(6s);
        EXPECT_EQ(server.connections(), 1u);
        EXPECT_THAT(reports, testing::ElementsAre(testing::AllOf(HasSubstr("A client's TLS handshake failed"),
                                                                 HasSubstr("http request"), HasSubstr("127.0.0.1:")),
                                                  testing::AllOf(HasSubstr("A client's TLS handshake failed"),
                                                                 HasSubstr("not over after 5 s"))));
        co_await well.close();
    });
}

TEST(close_clients, over_tls_takes_leave_and_drops_whoever_shakes_hands_still) {
    for (const bool abort : {false, true}) {
        run([abort]() -> weft::task<> {
            reports heard;
            int handled = 0;
            const auto handler = [&handled](weft::stream s) -> weft::task<> {
                ++handled;
                co_await s.read_all();
            };
            auto server = co_await weft::start_server(handler, "127.0.0.1", 0, {.tls = server_context()});
            auto silent = co_await weft::open_connection("127.0.0.1", server.port());
            auto client = co_await weft::open_connection("127.0.0.1", server.port(), {.tls = client_context()});
            while (handled == 0) co_await weft::yield_now();
            EXPECT_EQ(server.connections(), 2u);
            abort ? server.abort_clients() : server.close_clients();
            EXPECT_THROW(co_await silent.read_all(), std::system_error);  // a reset
            if (abort) {
                EXPECT_THROW(co_await client.read_all(), std::system_error);
            } else {
                EXPECT_EQ(co_await client.read_all(), "");  // an end, not a truncation
            }
            client.abort();
            server.close();
            co_await server.wait_closed();
            EXPECT_EQ(handled, 1);
            EXPECT_THAT(heard.messages, testing::IsEmpty());
        });
    }
}

TEST(open_connection, over_tls_asks_for_the_host_unless_told_otherwise) {
    run([]() -> weft::task<> {
        const auto ignore = [](weft::stream s) -> weft::task<> { co_await s.read_all(); };
        auto server = co_await weft::start_server(ignore, "127.0.0.1", 0, {.tls = server_context()});
        auto s = co_await weft::open_connection("localhost", server.port(), {.tls = client_context()});
        EXPECT_EQ(s.tls()->server_name, "localhost");
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto connect = [](std::uint16_t port) -> weft::task<> {
            co_await weft::open_connection("127.0.0.1", port,
                                           {.tls = client_context(), .server_hostname = "example.org"});
        };
        EXPECT_EQ((co_await thrown_by<weft::tls_error>(connect(server.port()))).code(), tls_errc::host_mismatch);
        co_await s.close();
    });
}

TEST(open_connection, over_tls_is_over_in_its_timeout) {
    run([]() -> weft::task<> {
        const auto silent = [](weft::stream s) -> weft::task<> {
            try {
                co_await s.read_all();
            } catch (const std::system_error&) {  // the client resets what it gives up
            }
        };
        auto server = co_await weft::start_server(silent, "127.0.0.1", 0);
        const auto connect = [](std::uint16_t port, std::chrono::seconds limit) -> weft::task<> {
            co_await weft::open_connection("127.0.0.1", port, {.tls = client_context(), .timeout = limit});
        };
        const auto began = weft::get_running_loop().time();
        EXPECT_THAT((co_await thrown_by<weft::timeout_error>(connect(server.port(), 7s))).what(),
                    HasSubstr("TLS handshake with 127.0.0.1:"));
        EXPECT_EQ(weft::get_running_loop().time() - began, 7s);
        EXPECT_THAT((co_await thrown_by<weft::timeout_error>(connect(server.port(), 700s))).what(),
                    HasSubstr("not over after 60 s"));
    });
}

}  // namespace
