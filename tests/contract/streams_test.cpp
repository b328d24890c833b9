// SPDX-License-Identifier: Apache-2.0
// The public surface of streams as a program outside would write it: nothing but the umbrella header, every name once,
// whatever carries the bytes. It runs on real loops, over real sockets and pipes.
#include "contract/connected.hpp"

#include "../../examples/localhost_certificate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

using namespace weft_contract;
using namespace std::chrono_literals;

namespace {

// The page's first program

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}
weft::task<> serve(std::uint16_t wanted, weft::future<std::uint16_t> listens) {
    auto server = co_await weft::start_server(echo, "127.0.0.1", wanted);
    std::printf("listening on %d\n", server.port());
    listens.set_result(server.port());
    co_await server.serve_forever();  // cancelled: stops accepting, drains, returns
}
weft::task<> client(std::uint16_t port) {
    weft::stream s = co_await weft::open_connection("127.0.0.1", port);
    co_await s.write("hello\n");
    auto reply = co_await s.read_line();
    EXPECT_EQ(reply, "hello");
}

TEST(contract, a_server_and_a_client) {
    weft::run([]() -> weft::task<> {
        weft::future<std::uint16_t> listens;
        auto serving = weft::create_task(serve(0, listens));
        co_await client(co_await listens);
        serving.cancel();
        co_await serving;  // returns
        EXPECT_FALSE(serving.cancelled());
    }());
}

// One type for whatever carries the bytes

/// What a stream promises, over whatever it goes.
weft::task<> converse(weft::stream client, weft::stream server) {
    std::array<std::byte, 16> buffer;
    co_await client.write("some");
    EXPECT_EQ(co_await server.read_some(buffer), 4u);
    co_await client.write(std::as_bytes(std::span(std::string_view("bytes"))));
    EXPECT_EQ(co_await server.read(100), "bytes");
    co_await client.write("exactly so many");
    EXPECT_EQ(co_await server.read_exactly(7), "exactly");
    EXPECT_EQ(co_await server.read_until("so "), " so ");
    EXPECT_EQ(co_await server.read_exactly(std::span(buffer).first(4)), 4u);

    co_await client.write("one\ntwo\r\nthree\nfour;");
    EXPECT_EQ(co_await server.read_line(), "one");
    EXPECT_EQ(co_await server.read_line(), "two");
    EXPECT_EQ(co_await server.read_line_view(), "three");  // valid until the next read
    EXPECT_EQ(co_await server.read_until_view(";"), "four;");

    co_await client.write("a chunk");
    weft::chunk bytes = co_await server.read_chunk();
    EXPECT_EQ(bytes.text(), "a chunk");
    EXPECT_EQ(bytes.bytes().size(), bytes.size());

    const std::array<std::string_view, 2> texts{"in ", "pieces"};
    const std::array<std::span<const std::byte>, 2> pieces{std::as_bytes(std::span(texts[0])),
                                                           std::as_bytes(std::span(texts[1]))};
    co_await client.write(pieces);
    co_await client.write(std::move(bytes));  // whichever stream of this loop it came by
    EXPECT_EQ(co_await server.read_exactly(16), "in piecesa chunk");
    co_await client.drain();

    const std::string line = "lives as long";
    co_await client.write(line + " as the expression\n" + "not ended");
    co_await client.write_eof();
    EXPECT_EQ(co_await server.read_line(), "lives as long as the expression");
    EXPECT_EQ(co_await server.read_line(), "not ended");
    EXPECT_EQ(co_await server.read_line(), std::nullopt);
    EXPECT_EQ(co_await server.read(1), "");
    EXPECT_EQ(co_await server.read_some(buffer), 0u);
    EXPECT_TRUE((co_await server.read_chunk()).empty());
    EXPECT_EQ(co_await server.read_all(), "");
    (void)client.peer();
    (void)server.local();
    server.close();  // begins at the call
    co_await client.close();
}

TEST(contract, a_stream_over_tcp) {
    weft::run([]() -> weft::task<> {
        ends e = co_await connect_tcp();
        EXPECT_EQ(e.client.peer(), e.server.local());
        co_await converse(std::move(e.client), std::move(e.server));
    }());
}

TEST(contract, a_stream_over_a_unix_socket) {
    const folder own;
    weft::run([](std::string path) -> weft::task<> {
        ends e = co_await connect([path](auto handler) { return weft::start_unix_server(handler, path); },
                                  [path](weft::server&) { return weft::open_unix_connection(path); });
        co_await converse(std::move(e.client), std::move(e.server));
    }(own / "socket"));
}

TEST(contract, a_stream_over_a_pipe) {
    weft::run([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe();
        co_await converse(std::move(writer), std::move(reader));
    }());
}

/// Ours, which both sides have, asks for and trusts.
struct identity {
    folder own;
    std::string cert = own / "cert.pem", key = own / "key.pem";
    identity() {
        std::ofstream(cert) << localhost_certificate;
        std::ofstream(key) << localhost_key;
    }
};

bool has_tls() {
    try {
        (void)weft::tls_context::client();
        return true;
    } catch (const std::system_error& e) {
        return e.code() != std::errc::function_not_supported;
    }
}

TEST(contract, a_stream_over_tls) {
    if (!has_tls()) GTEST_SKIP() << "built without TLS";
    const identity ours;
    weft::run([](const identity& id) -> weft::task<> {
        weft::tls_server_options of_server;
        of_server.alpn_protocols = {"h2", "http/1.1"};
        of_server.client_ca_file = id.cert;
        of_server.require_client_certificate = true;
        std::string asked_for;
        of_server.choose_context = [&asked_for](const std::string& host) {
            asked_for = host;
            return std::optional<weft::tls_context>();
        };
        weft::tls_client_options of_client;
        of_client.ca_file = id.cert;
        of_client.alpn_protocols = {"http/1.1"};
        of_client.identity.certificate_file = id.cert;
        of_client.identity.key_file = id.key;
        const auto server_context = weft::tls_context::server(id.cert, id.key, of_server);
        const auto client_context = weft::tls_context::client(of_client);

        ends e = co_await connect_tcp({.tls = server_context}, {.tls = client_context});
        EXPECT_EQ(asked_for, "localhost");
        EXPECT_EQ(e.client.tls()->alpn_protocol, "http/1.1");
        EXPECT_TRUE(e.server.tls()->peer_certificate.has_value());
        co_await converse(std::move(e.client), std::move(e.server));

        ends plain = co_await connect_tcp();
        auto secured = weft::create_task(plain.server.start_tls(server_context));
        co_await plain.client.start_tls(client_context, {.server_hostname = "localhost"});
        co_await secured;
        co_await converse(std::move(plain.client), std::move(plain.server));

        std::string refused;
        try {
            co_await connect_tcp({.tls = server_context}, {.tls = weft::tls_context::client()});
        } catch (const weft::tls_error& error) {
            refused = error.what();
        }
        EXPECT_NE(refused, "");  // nobody whom this machine trusts vouches for it
    }(ours));
}

// What goes wrong, and what does not

weft::task<> reads_that_fail() {
    ends e = co_await connect_tcp({.limit = 64});
    co_await e.client.write(std::string(1000, 'x'));
    try {
        co_await e.server.read_line();
        ADD_FAILURE();
    } catch (const weft::limit_overrun_error&) {
    }
    EXPECT_EQ((co_await e.server.read_exactly(1000)).size(), 1000u);  // nothing was lost
    co_await e.client.write("half");
    e.client.close();
    try {
        co_await e.server.read_exactly(10);
        ADD_FAILURE();
    } catch (const weft::incomplete_read_error& error) {
        EXPECT_EQ(error.partial(), "half");
        EXPECT_EQ(error.expected(), 10u);
    }
}

TEST(contract, reads_that_fail) { weft::run(reads_that_fail()); }

weft::task<std::string> everything_of(weft::stream& s) { co_return co_await s.read_all(); }

weft::task<> writes_are_whole() {
    constexpr std::size_t size = 16 << 20;  // more than the kernel takes before anybody reads
    ends e = co_await connect_tcp();
    const auto write = [](weft::stream& to, char with) -> weft::task<> { co_await to.write(std::string(size, with)); };
    auto first = weft::create_task(write(e.client, 'a'));
    auto second = weft::create_task(write(e.client, 'b'));
    while (e.client.write_buffer_size() <= size) co_await weft::yield_now();
    first.cancel();  // its bytes are the stream's
    auto all = weft::create_task(everything_of(e.server));
    EXPECT_THROW(co_await first, weft::cancelled_error);
    co_await second;
    co_await e.client.close();
    EXPECT_TRUE(co_await all == std::string(size, 'a') + std::string(size, 'b'));
}

TEST(contract, writes_are_whole_and_in_order_though_they_are_cancelled) { weft::run(writes_are_whole()); }

weft::task<> options() {
    // In the order of the page.
    const weft::server_options of_server{.tls = std::nullopt, .limit = 1000, .backlog = 10, .reuse_port = true};
    const weft::connect_options of_client{.tls = std::nullopt,
                                          .limit = 1000,
                                          .local = weft::address{"127.0.0.1", 0},
                                          .timeout = 10s,
                                          .happy_eyeballs_delay = 250ms};
    ends e = co_await connect_tcp(of_server, of_client);
    EXPECT_EQ(e.server.peer().host, "127.0.0.1");
    const auto found = co_await weft::resolve("127.0.0.1", "80");
    EXPECT_EQ(found.front().to_string(), "127.0.0.1:80");
}

TEST(contract, options_and_names) { weft::run(options()); }

}  // namespace
