// SPDX-License-Identifier: Apache-2.0
// Certificates that their authorities have taken back.
#include "tls/verification.hpp"

using namespace weft_test;
using testing::HasSubstr;
using weft::tls_crl_check;
using weft::tls_errc;

namespace {

TEST(a_revoked_certificate, is_refused_and_others_of_its_authority_are_believed) {
    const auto stolen = the_authority().issue({.name = "stolen"});
    const auto list = the_authority().revocations({stolen.certificate});
    const temporary_folder folder;
    const auto file = folder.write("revoked.pem", list);
    for (const auto check : {tls_crl_check::leaf, tls_crl_check::chain}) {
        for (const weft::tls_client_options& options :
             {weft::tls_client_options{.crl_pem = list, .crl_check = check},
              weft::tls_client_options{.crl_file = file, .crl_check = check},
              weft::tls_client_options{.ca_pem = list + the_authority().pem(), .crl_check = check}}) {
            refuses(stolen, tls_errc::certificate_revoked, "CN=stolen: the certificate was revoked", "localhost",
                    options);
            accepts(the_server(), "localhost", options);
        }
    }
    accepts(stolen, "localhost");  // whom nobody has told
}

TEST(a_revoked_certificate, above_the_servers_is_seen_only_by_who_checks_the_chain) {
    const authority between(the_authority(), {.name = "between"});
    auto own = between.issue({.name = "below"});
    own.certificate += between.pem();
    const std::string lists = the_authority().revocations({between.pem()}) + between.revocations({});
    accepts(own, "localhost", {.crl_pem = lists, .crl_check = tls_crl_check::leaf});
    refuses(own, tls_errc::certificate_revoked, "CN=between: the certificate was revoked", "localhost",
            {.crl_pem = lists, .crl_check = tls_crl_check::chain});
}

TEST(a_certificate, of_which_no_list_says_whether_it_was_revoked_is_refused) {
    const authority between(the_authority(), {.name = "between"});
    auto own = between.issue();
    own.certificate += between.pem();
    const std::string unknown = ": whether the certificate was revoked is not known";
    refuses(own, tls_errc::revocation_unknown,
            "CN=localhost: the revocation list of CN=between: unable to get certificate CRL" + unknown, "localhost",
            {.crl_pem = the_authority().revocations({}), .crl_check = tls_crl_check::leaf});
    refuses(the_server(), tls_errc::revocation_unknown,
            "CN=localhost: the revocation list of CN=an authority: CRL has expired" + unknown, "localhost",
            {.crl_pem = the_authority().revocations({}, -1), .crl_check = tls_crl_check::leaf});
    // A list that somebody else has made under that name.
    refuses(the_server(), tls_errc::revocation_unknown, "CRL signature failure", "localhost",
            {.crl_pem = authority().revocations({}), .crl_check = tls_crl_check::leaf});
}

weft::task<> read_one(weft::stream& s, weft::tls_context c) {
    co_await s.start_tls(c, {.server_hostname = "localhost"});
    co_await s.read(1);
}

TEST(a_revoked_client, is_refused_by_a_server_and_by_one_that_is_chosen_by_the_host) {
    run([]() -> weft::task<> {
        const auto stolen = the_authority().issue({.name = "stolen", .alternative_names = ""});
        const auto other = the_authority().issue({.name = "other", .alternative_names = ""});
        const auto wary = server_context({.client_ca_pem = the_authority().pem(),
                                          .client_crl_pem = the_authority().revocations({stolen.certificate}),
                                          .client_crl_check = tls_crl_check::leaf,
                                          .require_client_certificate = true});
        const auto choosing = server_context(
            {.choose_context = [&](const std::string&) -> std::optional<weft::tls_context> { return wary; }});
        for (const auto& context : {wary, choosing}) {
            auto both = co_await connect_streams();
            auto accepting = weft::create_task(thrown_by<weft::tls_error>(start_server_side(both.server, context)));
            const auto said = co_await thrown_by<weft::tls_error>(
                read_one(both.client, client_context({.identity = identity(stolen)})));
            EXPECT_EQ(said.code(), tls_errc::refused_by_peer);
            EXPECT_THAT(said.what(), HasSubstr("alert certificate revoked"));
            const auto why = co_await accepting;
            EXPECT_EQ(why.code(), tls_errc::certificate_revoked);
            EXPECT_THAT(why.what(), HasSubstr("CN=stolen: the certificate was revoked"));
            auto well = co_await connect_secured(client_context({.identity = identity(other)}), context);
            EXPECT_EQ(well.server.tls()->peer_certificate->subject, "CN=other");
        }
    });
}

TEST(revocation_lists, that_cannot_be_used_are_refused) {
    const auto client = [](weft::tls_client_options o) {
        return [=] { static_cast<void>(weft::tls_context::client(o)); };
    };
    const auto server = [](weft::tls_server_options o) { return [=] { static_cast<void>(server_context(o)); }; };
    const auto list = the_authority().revocations({});
    const auto leaf = tls_crl_check::leaf;
    refuses_to_make(client({.crl_pem = "nonsense", .crl_check = leaf}), "no revocation list in the revocation lists");
    refuses_to_make(client({.crl_pem = the_server().certificate, .crl_check = leaf}), "no revocation list in");
    auto damaged = list;
    damaged.replace(damaged.size() / 2, 4, "!!!!");
    refuses_to_make(client({.crl_pem = damaged, .crl_check = leaf}), "a revocation list in the revocation lists");
    refuses_to_make(client({.crl_pem = list}), "a revocation list is given, and crl_check is none");
    refuses_to_make(client({.verify = false, .crl_pem = list, .crl_check = leaf}), "crl_check needs verify");
    refuses_to_make(server({.client_crl_pem = list, .client_crl_check = leaf}), "client_crl_check needs a client_ca");
    const temporary_folder folder;
    const auto file = folder.write("certificate.pem", the_server().certificate);
    refuses_to_make(client({.crl_file = file, .crl_check = leaf}), "no revocation list in " + file);
    try {
        static_cast<void>(weft::tls_context::client({.crl_file = "/nowhere/revoked.pem", .crl_check = leaf}));
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
        EXPECT_THAT(e.what(), HasSubstr("/nowhere/revoked.pem"));
    }
}

}  // namespace
