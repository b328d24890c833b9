// SPDX-License-Identifier: Apache-2.0
#include "tls/check_context.hpp"

#include "tls/secured.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace weft_test;
using testing::HasSubstr;

namespace {

weft::task<> ignore(weft::stream s) { co_await s.close(); }
struct silent : weft::protocol {};

template <class Making>
weft::task<> drop(Making making) {
    co_await std::move(making);
}
template <class Making>
weft::task<> refuses(Making making, const char* text) {
    const auto why = co_await thrown_by<std::invalid_argument>(drop(std::move(making)));
    EXPECT_STREQ(why.what(), text);
}

TEST(a_server, with_a_clients_context_is_refused_at_once) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        const std::string path = folder / "socket";
        const char* const why = "start_server: expected a server's context, got a client's";
        const auto make = [] { return std::make_unique<silent>(); };
        for (const bool verify : {true, false}) {
            const weft::server_options options{.tls = client_context({.verify = verify})};
            co_await refuses(weft::start_server(ignore, "127.0.0.1", 0, options), why);
            co_await refuses(weft::start_unix_server(ignore, path, options), why);
            co_await refuses(weft::create_server(make, "127.0.0.1", 0, options), why);
            co_await refuses(weft::create_unix_server(make, path, options), why);
            auto socket = connect_sockets();
            co_await refuses(weft::start_server_on(ignore, std::move(socket.server), options), why);
        }
        EXPECT_FALSE(std::filesystem::exists(path));
    });
}

TEST(a_client, with_a_context_or_a_host_that_cannot_be_used_connects_to_nobody) {
    run([]() -> weft::task<> {
        int accepted = 0;
        const auto count = [&](weft::stream s) -> weft::task<> {
            ++accepted;
            co_await s.close();
        };
        const temporary_folder folder;
        const std::string path = folder / "socket";
        auto server = co_await weft::start_server(count, "127.0.0.1", 0);
        auto local = co_await weft::start_unix_server(count, path);
        const auto port = server.port();
        const auto make = [] { return std::make_unique<silent>(); };
        for (const char* host : {"", "localhost"}) {
            const weft::connect_options options{.tls = server_context(), .server_hostname = host};
            const char* const why = "open_connection: expected a client's context, got a server's";
            co_await refuses(weft::open_connection("127.0.0.1", port, options), why);
            co_await refuses(weft::create_connection(make, "127.0.0.1", port, options), why);
            co_await refuses(weft::open_connection(connect_sockets().client, options), why);
            const char* const unix_why = "open_unix_connection: expected a client's context, got a server's";
            co_await refuses(weft::open_unix_connection(path, options), unix_why);
            co_await refuses(weft::create_unix_connection(make, path, options), unix_why);
        }
        const weft::connect_options nameless{.tls = client_context()};
        co_await refuses(weft::open_unix_connection(path, nameless),
                         "open_unix_connection: a client that verifies needs server_hostname");
        co_await refuses(weft::open_connection(connect_sockets().client, nameless),
                         "open_connection: a client that verifies needs server_hostname");
        const weft::connect_options below{.tls = client_context(), .server_hostname = ".example.org"};
        const char* const why =
            "open_connection: server_hostname \".example.org\" is no host name: it begins with a dot";
        co_await refuses(weft::open_connection("127.0.0.1", port, below), why);
        co_await refuses(weft::open_connection(".example.org", port, nameless), why);
        const weft::connect_options plain{.server_hostname = "localhost"};
        co_await refuses(weft::open_connection("127.0.0.1", port, plain),
                         "open_connection: server_hostname is only meaningful with tls");
        co_await settle();
        EXPECT_EQ(accepted, 0);
    });
}

}  // namespace
