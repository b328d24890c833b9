// SPDX-License-Identifier: Apache-2.0
// Whom each side believes, and what it says of whom it does not.
#include "tls/verification.hpp"

using namespace weft_test;
using testing::HasSubstr;
using weft::tls_errc;

namespace {

TEST(a_server_certificate, is_believed_for_the_names_and_addresses_in_it) {
    for (const char* host : {"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "::1", "::1%lo"}) {
        accepts(the_server(), host);
    }
}

TEST(a_server_certificate, with_a_wildcard_is_for_every_host_one_level_below) {
    const auto wild = the_authority().issue({.name = "wild", .alternative_names = "DNS:*.example.org"});
    accepts(wild, "www.example.org");
    refuses(wild, tls_errc::host_mismatch, "CN=wild, not example.org", "example.org");
    refuses(wild, tls_errc::host_mismatch, "CN=wild, not a.b.example.org", "a.b.example.org");
    const auto partial = the_authority().issue({.alternative_names = "DNS:w*.example.org"});
    refuses(partial, tls_errc::host_mismatch, "not www.example.org", "www.example.org");
}

TEST(a_server_certificate, that_has_expired_is_refused) {
    refuses(the_authority().issue({.name = "old", .from_days = -30, .until_days = -1}), tls_errc::certificate_expired,
            "CN=old: the certificate has expired");
}

TEST(a_server_certificate, that_is_not_valid_yet_is_refused) {
    refuses(the_authority().issue({.name = "young", .from_days = 2}), tls_errc::certificate_not_yet_valid,
            "CN=young: the certificate is not valid yet");
}

TEST(a_server_certificate, that_vouches_for_itself_is_refused) {
    refuses(authority::self_signed({.name = "self"}), tls_errc::self_signed_certificate,
            "CN=self: the certificate is self-signed and not trusted");
}

TEST(a_server_certificate, that_vouches_for_itself_is_believed_by_whom_it_was_given_to) {
    const auto own = authority::self_signed();
    accepts(own, "localhost", {.ca_pem = own.certificate});
}

TEST(a_server_certificate, from_an_authority_nobody_knows_is_refused) {
    const authority stranger({.name = "a stranger"});
    refuses(stranger.issue(), tls_errc::unknown_authority, "the certificate is from an authority that is not trusted");
    auto with_root = stranger.issue();
    with_root.certificate += stranger.pem();
    refuses(with_root, tls_errc::unknown_authority, "CN=a stranger: the certificate is from an authority");
}

TEST(a_server_certificate, for_another_host_or_address_is_refused) {
    refuses(the_server(), tls_errc::host_mismatch, "CN=localhost, not example.org: the certificate is for another host",
            "example.org");
    refuses(the_server(), tls_errc::host_mismatch, "not 127.0.0.2", "127.0.0.2");
    // A name is no address, even if it looks like one.
    refuses(the_authority().issue({.alternative_names = "DNS:127.0.0.1"}), tls_errc::host_mismatch, "not 127.0.0.1",
            "127.0.0.1");
}

TEST(a_server_certificate, is_not_asked_for_by_a_name_that_stands_for_many) {
    run([]() -> weft::task<> {
        const auto www = the_authority().issue({.name = "www", .alternative_names = "DNS:www.example.org"});
        auto both = co_await connect_streams();
        auto accepting = weft::create_task(start_server_side(both.server, server_context({}, www)));
        for (const char* host : {".example.org", ".org", "."}) {
            const auto why =
                co_await thrown_by<std::invalid_argument>(start_client_side(both.client, client_context(), host));
            EXPECT_THAT(why.what(), HasSubstr("is no host name: it begins with a dot"));
        }
        co_await start_client_side(both.client, client_context(), "www.example.org");
        co_await accepting;
    });
}

TEST(a_server_certificate, with_a_common_name_that_the_alternative_names_lack_is_refused) {
    refuses(the_authority().issue({.name = "example.org", .alternative_names = "DNS:other.org"}),
            tls_errc::host_mismatch, "not example.org", "example.org");
}

TEST(a_server_certificate, without_a_host_among_its_alternative_names_is_believed_for_its_common_name) {
    accepts(the_authority().issue({.name = "localhost", .alternative_names = ""}), "localhost");
    accepts(the_authority().issue({.name = "localhost", .alternative_names = "IP:127.0.0.1"}), "localhost");
}

TEST(a_server_certificate, from_an_authority_that_may_not_vouch_for_the_name_is_refused) {
    for (const char* constraints : {"permitted;DNS:example.org", "excluded;DNS:localhost"}) {
        const authority bounded(the_authority(), {.name = "bounded", .name_constraints = constraints});
        auto own = bounded.issue({.name = "outside", .alternative_names = "DNS:localhost"});
        own.certificate += bounded.pem();
        refuses(own, tls_errc::name_constraint_violated, "CN=outside: the authority may not vouch for this name");
    }
    const authority bounded(the_authority(), {.name = "bounded", .name_constraints = "permitted;DNS:example.org"});
    auto inside = bounded.issue({.name = "inside", .alternative_names = "DNS:www.example.org"});
    inside.certificate += bounded.pem();
    accepts(inside, "www.example.org");
}

TEST(a_server_certificate, through_an_intermediate_authority_is_believed_if_the_server_sends_that) {
    const authority between(the_authority(), {.name = "between"});
    auto own = between.issue();
    refuses(own, tls_errc::unknown_authority, "not trusted");
    accepts(own, "localhost", {.ca_pem = between.pem()});  // which is trusted without its root
    own.certificate += between.pem();
    accepts(own, "localhost");
}

TEST(a_server_certificate, from_an_authority_that_is_none_is_refused) {
    const auto no_authority = authority::self_signed({.name = "no authority"});
    const authority two_levels(the_authority(), {.name = "between", .from_days = -10, .until_days = -5});
    auto own = two_levels.issue();
    own.certificate += two_levels.pem();
    refuses(own, tls_errc::certificate_expired, "CN=between: the certificate has expired");
}

TEST(a_server_certificate, that_is_not_made_by_the_rules_is_refused_unless_told_otherwise) {
    const auto check = [](const pem_pair& own, const std::string& ca, const std::string& text) {
        refuses(own, tls_errc::certificate_invalid, text, "localhost", {.ca_pem = ca});
        accepts(own, "localhost", {.verify_strict = false, .ca_pem = ca});
        accepts(own, "localhost", {.ca_pem = own.certificate});  // which is then trusted as it is
    };
    check(the_authority().issue({.name = "nobody's", .without = NID_authority_key_identifier}), the_authority().pem(),
          "CN=nobody's: Missing Authority Key Identifier");
    const authority careless({.name = "careless", .without = NID_key_usage});
    check(careless.issue(), careless.pem(), "CN=careless: CA cert does not include key usage extension");
}

TEST(a_client, that_does_not_verify_believes_anybody) {
    accepts(authority::self_signed({.name = "self", .until_days = 0}), "example.org", {.verify = false});
    accepts(the_server(), "", {.verify = false});
}

TEST(a_client, trusts_what_the_machine_trusts) {
    const temporary_folder folder;
    const auto file = folder.write("authorities.pem", the_authority().pem());
    ::setenv("SSL_CERT_FILE", file.c_str(), 1);
    const auto trusting = weft::tls_context::client();
    ::unsetenv("SSL_CERT_FILE");
    run([&]() -> weft::task<> {
        auto both = co_await connect_secured(trusting, server_context());
        EXPECT_TRUE(both.client.tls());
    });
    run([&]() -> weft::task<> {  // which is not that of the tests
        auto both = co_await connect_streams();
        auto accepting =
            weft::create_task(thrown_by<weft::tls_error>(start_server_side(both.server, server_context())));
        const auto why = co_await thrown_by<weft::tls_error>(
            start_client_side(both.client, weft::tls_context::client(), "localhost"));
        EXPECT_EQ(why.code(), tls_errc::unknown_authority);
        co_await accepting;
    });
}

TEST(a_client_certificate, is_seen_by_the_server) {
    run([]() -> weft::task<> {
        const auto own = the_authority().issue({.name = "a client", .alternative_names = ""});
        auto both = co_await connect_secured(
            client_context({.identity = identity(own)}),
            server_context({.client_ca_pem = the_authority().pem(), .require_client_certificate = true}));
        const auto info = both.server.tls();
        EXPECT_TRUE(info && info->peer_certificate);
        EXPECT_EQ(info->peer_certificate->subject, "CN=a client");
        EXPECT_EQ(info->peer_certificate->issuer, "CN=an authority");
    });
}

/// What both sides say. The client's part of a TLS 1.3 handshake is over before the server has seen its certificate:
/// it hears of the refusal when it reads.
weft::task<std::pair<weft::tls_error, weft::tls_error>> client_refused(weft::tls_client_options options) {
    auto both = co_await connect_streams();
    const auto wants = server_context({.client_ca_pem = the_authority().pem(), .require_client_certificate = true});
    auto accepting = weft::create_task(thrown_by<weft::tls_error>(start_server_side(both.server, wants)));
    const auto use = [](weft::stream& s, weft::tls_context c) -> weft::task<> {
        co_await s.start_tls(c, {.server_hostname = "localhost"});
        co_await s.read(1);
    };
    auto clients = co_await thrown_by<weft::tls_error>(use(both.client, client_context(options)));
    co_return std::pair(clients, co_await accepting);
}

TEST(a_client_certificate, that_is_required_and_missing_ends_the_handshake) {
    run([]() -> weft::task<> {
        const auto [client, server] = co_await client_refused({});
        EXPECT_EQ(server.code(), tls_errc::certificate_required);
        EXPECT_THAT(server.what(), HasSubstr("the client gave no certificate"));
        EXPECT_EQ(client.code(), tls_errc::refused_by_peer);
        EXPECT_THAT(client.what(), HasSubstr("alert certificate required"));
    });
}

TEST(a_client_certificate, from_somebody_else_ends_the_handshake) {
    run([]() -> weft::task<> {
        const authority stranger({.name = "a stranger"});
        const auto [client, server] = co_await client_refused({.identity = identity(stranger.issue({.name = "him"}))});
        EXPECT_EQ(server.code(), tls_errc::unknown_authority);
        EXPECT_THAT(server.what(), HasSubstr("CN=him"));
        EXPECT_EQ(client.code(), tls_errc::refused_by_peer);
        EXPECT_THAT(client.what(), HasSubstr("alert unknown ca"));
    });
}

TEST(a_client_certificate, that_is_not_made_by_the_rules_is_refused_unless_told_otherwise) {
    run([]() -> weft::task<> {
        const weft::tls_client_options own{
            .identity = identity(the_authority().issue({.name = "me", .without = NID_authority_key_identifier}))};
        const auto [client, server] = co_await client_refused(own);
        EXPECT_EQ(server.code(), tls_errc::certificate_invalid);
        EXPECT_THAT(server.what(), HasSubstr("CN=me: Missing Authority Key Identifier"));
        EXPECT_THAT(client.what(), HasSubstr("alert"));
        const auto lenient = server_context({.client_ca_pem = the_authority().pem(),
                                             .client_verify_strict = false,
                                             .require_client_certificate = true});
        auto both = co_await connect_secured(client_context(own), lenient);
        EXPECT_EQ(both.server.tls()->peer_certificate->subject, "CN=me");
    });
}

TEST(a_client_certificate, that_is_asked_for_may_be_missing) {
    run([]() -> weft::task<> {
        auto both =
            co_await connect_secured(client_context(), server_context({.client_ca_pem = the_authority().pem()}));
        EXPECT_FALSE(both.server.tls()->peer_certificate);
        EXPECT_TRUE(both.client.tls()->peer_certificate);
    });
}

TEST(a_handshake, between_sides_without_a_version_in_common_fails) {
    run([]() -> weft::task<> {
        auto both = co_await connect_streams();
        auto accepting = weft::create_task(thrown_by<weft::tls_error>(
            start_server_side(both.server, server_context({.minimum_version = weft::tls_version::tls_1_3}))));
        // A hello of TLS 1.2, from an OpenSSL that says no more.
        const weft::ssl_context_ptr old(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_max_proto_version(old.get(), TLS1_2_VERSION);
        const weft::ssl_ptr ssl(SSL_new(old.get()));
        BIO* const out = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
        SSL_set_connect_state(ssl.get());
        SSL_do_handshake(ssl.get());
        const char* hello = nullptr;
        const long size = BIO_get_mem_data(out, &hello);
        co_await both.client.write(std::string_view(hello, static_cast<std::size_t>(size)));
        const auto why = co_await accepting;
        EXPECT_EQ(why.code(), tls_errc::no_common_ground);
        EXPECT_THAT(why.what(), HasSubstr("unsupported protocol"));
    });
}

TEST(a_handshake, with_somebody_who_speaks_no_tls_says_so) {
    run([]() -> weft::task<> {
        auto both = co_await connect_streams();
        auto accepting =
            weft::create_task(thrown_by<weft::tls_error>(start_server_side(both.server, server_context())));
        co_await both.client.write("GET / HTTP/1.0\r\n\r\n");
        EXPECT_EQ((co_await accepting).code(), tls_errc::not_tls);
        auto others = co_await connect_streams();
        auto connecting = weft::create_task(
            thrown_by<weft::tls_error>(start_client_side(others.client, client_context(), "localhost")));
        co_await others.server.write("220 mail.example.org ESMTP\r\n");
        const auto why = co_await connecting;
        EXPECT_EQ(why.code(), tls_errc::not_tls);
        EXPECT_THAT(why.what(), HasSubstr("wrong version number"));
    });
}

}  // namespace
