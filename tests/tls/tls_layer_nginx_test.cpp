// SPDX-License-Identifier: Apache-2.0
// TLS with nginx, as the server that our client visits, and as the proxy that visits ours.
#include "net/nginx.hpp"
#include "tls/secured.hpp"

using namespace weft_test;
using testing::HasSubstr;

namespace {

/// Says by which session the request came: a version, a name, "r" for an earlier one, and who the client is.
constexpr const char* tell_session =
    "location / { return 200 \"$ssl_protocol $ssl_server_name $ssl_session_reused $ssl_client_verify\"; }\n";

/// nginx with a server that speaks TLS.
struct secured_nginx {
    explicit secured_nginx(const std::string& more, const pem_pair& own = the_server()) : port(server.listen()) {
        server.write("server.pem", own.certificate);
        server.write("server.key", own.key);
        server.write("ca.pem", the_authority().pem());
        server.start("server {\nlisten 127.0.0.1:" + std::to_string(port) +
                     " ssl;\nssl_certificate server.pem;\nssl_certificate_key server.key;\n" + more + "}");
    }
    weft::task<weft::stream> connect(weft::tls_context context) {
        return weft::open_connection("localhost", port, {.tls = std::move(context)});
    }
    nginx server;
    std::uint16_t port;
};

TEST(nginx_over_tls, is_visited_by_our_client_which_goes_on_with_its_session) {
    run_with_nginx([]() -> weft::task<> {
        for (const std::string version : {"TLSv1.2", "TLSv1.3"}) {
            secured_nginx there("ssl_protocols " + version + ";\n" + tell_session);
            const auto client = client_context({.alpn_protocols = {"http/1.1"}});
            for (const bool again : {false, true}) {
                auto s = co_await there.connect(client);
                EXPECT_EQ(s.tls()->version, version);
                EXPECT_EQ(s.tls()->alpn_protocol, "http/1.1");
                EXPECT_EQ(s.tls()->session_resumed, again);
                for (int i = 0; i < 3; ++i) {
                    const auto reply = co_await get_page(s, "/");
                    EXPECT_EQ(reply.body, version + " localhost " + (again ? "r" : ".") + " NONE");
                }
                co_await s.close();
            }
        }
    });
}

TEST(nginx_over_tls, of_a_host_that_we_do_not_know_is_refused) {
    run_with_nginx([]() -> weft::task<> {
        secured_nginx there(tell_session, authority::self_signed());
        const auto e = co_await thrown_by<std::system_error>(
            [](secured_nginx& n) -> weft::task<> { co_await n.connect(client_context()); }(there));
        EXPECT_THAT(e.what(), HasSubstr("self-signed"));
    });
}

TEST(nginx_over_tls, asks_for_our_certificate_and_believes_its_authority_alone) {
    run_with_nginx([]() -> weft::task<> {
        for (const std::string version : {"TLSv1.2", "TLSv1.3"}) {
            secured_nginx there("ssl_protocols " + version +
                                ";\nssl_client_certificate ca.pem;\nssl_verify_client optional;\n" + tell_session);
            const auto as = [](const pem_pair& own) {
                return client_context({.identity = {.certificate_pem = own.certificate, .key_pem = own.key}});
            };
            const auto issued = the_authority().issue({.name = "a client"});
            auto known = co_await there.connect(as(issued));
            EXPECT_THAT((co_await get_page(known, "/")).body, testing::EndsWith(" SUCCESS"));
            auto nobody = co_await there.connect(client_context());
            EXPECT_THAT((co_await get_page(nobody, "/")).body, testing::EndsWith(" NONE"));
            const auto forged = authority({.name = "others"}).issue();
            auto stranger = co_await there.connect(as(forged));
            const auto refused = co_await get_page(stranger, "/");
            EXPECT_EQ(refused.first_line, "HTTP/1.1 400 Bad Request");
            EXPECT_THAT(refused.body, HasSubstr("SSL certificate error"));
        }
    });
}

TEST(nginx_over_tls, sends_a_large_file_whole) {
    run_with_nginx([]() -> weft::task<> {
        for (const std::string version : {"TLSv1.2", "TLSv1.3"}) {
            secured_nginx there("ssl_protocols " + version + ";\n");
            const std::string file = varied_text(3'000'003);
            there.server.write("large.txt", file);
            auto s = co_await there.connect(client_context());
            for (int i = 0; i < 2; ++i) EXPECT_TRUE((co_await get_page(s, "/large.txt")).body == file);
            co_await s.write("GET /large.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            const auto last = co_await read_http(s);
            EXPECT_TRUE(last->body == file);
            EXPECT_EQ(co_await s.read_all(), "");  // its close_notify has come
        }
    });
}

/// What our server knows of nginx as its client.
weft::task<> tell_who_asks(weft::stream s) {
    if (!co_await read_http(s)) {  // our certificate was refused
        s.abort();
        co_return;
    }
    const auto info = s.tls();
    const auto& certificate = info->peer_certificate;
    co_await s.write(http_reply(info->version + " " + info->server_name + " " + (info->session_resumed ? "r" : ".") +
                                " " + (certificate ? certificate->subject : "NONE")));
    co_await s.close();
}

TEST(nginx_over_tls, as_a_proxy_checks_our_server_and_proves_itself_to_it) {
    run_with_nginx([]() -> weft::task<> {
        for (const std::string version : {"TLSv1.2", "TLSv1.3"}) {
            const auto context =
                server_context({.client_ca_pem = the_authority().pem(), .require_client_certificate = true});
            auto ours = co_await weft::start_server(tell_who_asks, "127.0.0.1", 0, {.tls = context});
            nginx front;
            const auto own = the_authority().issue({.name = "a proxy"});
            front.write("proxy.pem", own.certificate);
            front.write("proxy.key", own.key);
            front.write("ca.pem", the_authority().pem());
            const std::string port = std::to_string(front.listen());
            const std::string to_ours = "{ proxy_pass https://127.0.0.1:" + std::to_string(ours.port()) +
                                        "; proxy_ssl_certificate proxy.pem; proxy_ssl_certificate_key proxy.key;\n"
                                        "proxy_ssl_trusted_certificate ca.pem; proxy_ssl_verify on;\n"
                                        "proxy_ssl_server_name on; proxy_ssl_protocols " +
                                        version + ";\n";
            front.start("server { listen 127.0.0.1:" + port + ";\nlocation / " + to_ours +
                        "proxy_ssl_name localhost; }\nlocation /elsewhere " + to_ours +
                        "proxy_ssl_name elsewhere.test; } }");
            auto s = co_await weft::open_connection("127.0.0.1", static_cast<std::uint16_t>(std::stoi(port)));
            EXPECT_EQ((co_await get_page(s, "/")).body, version + " localhost . CN=a proxy");
            EXPECT_EQ((co_await get_page(s, "/")).body, version + " localhost r CN=a proxy");
            const auto wrong = co_await get_page(s, "/elsewhere");
            EXPECT_EQ(wrong.first_line, "HTTP/1.1 502 Bad Gateway");
            EXPECT_THAT(front.log(), HasSubstr("upstream SSL certificate does not match \"elsewhere.test\""));
        }
    });
}

}  // namespace
