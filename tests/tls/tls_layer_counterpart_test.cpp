// SPDX-License-Identifier: Apache-2.0
// TLS with others: openssl's client and server, curl, and Python's ssl under asyncio, on either side.
#include "tls/child.hpp"
#include "tls/secured.hpp"

#include <fcntl.h>

using namespace weft_test;
using testing::HasSubstr;

#define SKIP_WITHOUT(program)                                                                                          \
    if (!has_program(program)) GTEST_SKIP() << "there is no " << (program)

namespace {

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

/// A server of ours, and what a program says that is given its port.
weft::task<said> visited_by(std::string before, std::string after, weft::tls_server_options options,
                            std::function<weft::task<>(weft::stream)> handler = echo, std::string input = {}) {
    auto server = co_await weft::start_server(handler, "127.0.0.1", 0, {.tls = server_context(options)});
    child visitor(before + std::to_string(server.port()) + after);
    visitor.tell(input);
    visitor.close_input();
    auto all = co_await visitor.end();
    server.close();
    co_await server.wait_closed();
    co_return all;
}

TEST(openssl_s_client, talks_to_our_server) {
    SKIP_WITHOUT("openssl");
    run([]() -> weft::task<> {
        const certificate_files f;
        for (const std::string version : {"-tls1_2", "-tls1_3"}) {
            const auto all = co_await visited_by(
                "openssl s_client -quiet -verify_return_error -verify_hostname localhost -alpn h2 " + version +
                    " -CAfile " + f.ca + " -connect localhost:",
                "", {.alpn_protocols = {"h2"}},
                [](weft::stream s) -> weft::task<> {
                    const auto line = co_await s.read_line();
                    const auto info = s.tls();
                    co_await s.write("heard " + line.value_or("nothing") + " over " + info->version + ", " +
                                     info->alpn_protocol + "\n");
                    co_await s.close();
                },
                "hello\n");
            EXPECT_THAT(all.text, HasSubstr(version == "-tls1_2" ? "heard hello over TLSv1.2, h2"
                                                                 : "heard hello over TLSv1.3, h2"));
            EXPECT_EQ(all.status, 0) << all.text;
        }
    });
}

TEST(openssl_s_client, of_tls_1_1_is_refused) {
    SKIP_WITHOUT("openssl");
    run([]() -> weft::task<> {
        std::string report;
        weft::get_running_loop().set_exception_handler(
            [&](weft::event_loop&, const weft::error_context& c) { report = weft::describe_exception(c.exception); });
        const auto all =
            co_await visited_by("openssl s_client -tls1_1 -cipher ALL:@SECLEVEL=0 -connect localhost:", "", {});
        EXPECT_NE(all.status, 0);
        EXPECT_THAT(all.text, HasSubstr("alert protocol version"));
        EXPECT_THAT(report, HasSubstr("unsupported protocol"));
    });
}

TEST(openssl_s_client, may_change_its_keys_while_we_write) {
    SKIP_WITHOUT("openssl");
    run([]() -> weft::task<> {
        const certificate_files f;
        const auto talk = [](weft::stream s) -> weft::task<> {
            for (int i = 0; i < 200; ++i) co_await s.write(std::string(1000, 'x') + "\n");
            EXPECT_EQ(co_await s.read_line(), "after");
            co_await s.write("answer\n");
            co_await s.close();
        };
        auto server = co_await weft::start_server(talk, "127.0.0.1", 0, {.tls = server_context()});
        child visitor("openssl s_client -tls1_3 -CAfile " + f.ca +
                      " -connect localhost:" + std::to_string(server.port()));
        visitor.tell("K\n");  // changes its own keys and wants ours changed
        for (int i = 0; i < 400; ++i) {
            if ((co_await visitor.line()).find("KEYUPDATE") != std::string::npos) break;
        }
        visitor.tell("after\n");
        const auto all = co_await visitor.end();
        EXPECT_THAT(all.text, HasSubstr("answer"));
        server.close();
        co_await server.wait_closed();
    });
}

TEST(openssl_s_server, is_visited_by_our_client) {
    SKIP_WITHOUT("openssl");
    run([]() -> weft::task<> {
        const certificate_files f;
        for (const std::string version : {"-tls1_2", "-tls1_3"}) {
            // -rev answers every line backwards; -accept 0 says where it listens.
            child server("openssl s_server -rev -accept 127.0.0.1:0 -cert " + f.certificate + " -key " + f.key + " " +
                         version);
            std::string at;
            do at = co_await server.line();
            while (!at.empty() && at.find("ACCEPT ") == std::string::npos);
            const auto port = static_cast<std::uint16_t>(std::stoi("0" + at.substr(at.rfind(':') + 1)));
            const auto client = client_context();
            for (const bool again : {false, true}) {
                auto s = co_await weft::open_connection("localhost", port, {.tls = client});
                EXPECT_EQ(s.tls()->version, version == "-tls1_2" ? "TLSv1.2" : "TLSv1.3");
                EXPECT_EQ(s.tls()->session_resumed, again);
                co_await s.write("abc\n");
                EXPECT_EQ(co_await s.read_line(), "cba");
                co_await s.close();
            }
        }
    });
}

TEST(curl, gets_a_page_and_believes_the_certificate) {
    SKIP_WITHOUT("curl");
    run([]() -> weft::task<> {
        const certificate_files f;
        const auto serve = [](weft::stream s) -> weft::task<> {
            while (!(co_await s.read_line()).value_or("").empty()) {
            }
            co_await s.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n");
            co_await s.write(std::string(1'000'000, 'x'));
            co_await s.close();
        };
        const auto all =
            co_await visited_by("curl -sS --noproxy '*' --cacert " + f.ca + " https://localhost:", "/page | wc -c",
                                {.alpn_protocols = {"http/1.1"}}, serve);
        EXPECT_THAT(all.text, HasSubstr("1000000"));
    });
}

TEST(curl, that_does_not_know_our_authority_refuses) {
    SKIP_WITHOUT("curl");
    if (!std::filesystem::exists("/etc/ssl/certs/ca-certificates.crt")) GTEST_SKIP() << "there are no authorities here";
    run([]() -> weft::task<> {
        std::string report;
        weft::get_running_loop().set_exception_handler([&](weft::event_loop&, const weft::error_context& c) {
            report = c.message + ": " + weft::describe_exception(c.exception);
        });
        const auto all = co_await visited_by("curl -sS --noproxy '*' https://localhost:", "/", {});
        EXPECT_EQ(all.status, 60) << all.text;
        EXPECT_THAT(report, HasSubstr("unknown ca"));
    });
}

constexpr const char* python_client = R"(
import asyncio, ssl, sys
async def main(ca, port):
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["echo"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    print(writer.get_extra_info("ssl_object").selected_alpn_protocol())
    big = b"x" * (4 << 20) + b"\n"
    async def send():
        writer.write(big)
        await writer.drain()
    sending = asyncio.create_task(send())
    print(len(await reader.readexactly(len(big))))
    await sending
    writer.close()
    await writer.wait_closed()
    print("closed")
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
)";

TEST(python, as_a_client_talks_to_our_server) {
    SKIP_WITHOUT("python3");
    run([]() -> weft::task<> {
        const certificate_files f;
        const auto script = f.folder.write("client.py", python_client);
        const auto serve = [](weft::stream s) -> weft::task<> {
            while (!(co_await s.peek()).empty()) {
                co_await s.write(s.buffered());
                s.consume(s.buffered().size());
            }
        };
        const auto all =
            co_await visited_by("python3 " + script + " " + f.ca + " ", "", {.alpn_protocols = {"echo"}}, serve);
        EXPECT_EQ(all.text, "echo\n4194305\nclosed\n");
    });
}

constexpr const char* python_server = R"(
import asyncio, ssl, sys
async def serve(reader, writer):
    while line := await reader.readline():
        if line == b"starttls\n":
            writer.write(b"go on\n")
            await writer.start_tls(context)
        elif line == b"truncate\n":
            writer.transport.abort()
        else:
            writer.write(line.upper())
            await writer.drain()
    writer.close()
async def main(plain):
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 24, ssl=None if plain else context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
asyncio.run(main(len(sys.argv) > 3))
)";

TEST(python, as_a_server_is_visited_by_our_client) {
    SKIP_WITHOUT("python3");
    run([]() -> weft::task<> {
        const certificate_files f;
        const auto script = f.folder.write("server.py", python_server);
        child server("python3 " + script + " " + f.certificate + " " + f.key);
        const auto port = static_cast<std::uint16_t>(std::stoi("0" + co_await server.line()));
        const auto client = client_context();
        for (const bool again : {false, true}) {
            auto s = co_await weft::open_connection("localhost", port, {.tls = client, .limit = 16 << 20});
            EXPECT_EQ(s.tls()->session_resumed, again);
            const std::string big(4 << 20, 'x');
            co_await s.write(big + "\n");
            EXPECT_EQ(co_await s.read_line(), std::string(4 << 20, 'X'));
            co_await s.close();
        }
        auto s = co_await weft::open_connection("localhost", port, {.tls = client});
        co_await s.write("truncate\n");
        EXPECT_THROW(co_await s.read_all(), std::system_error);
    });
}

TEST(python, as_a_server_starts_tls_in_mid_stream) {
    SKIP_WITHOUT("python3");
    if (std::system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'") != 0) {
        GTEST_SKIP() << "StreamWriter.start_tls came with Python 3.11";
    }
    run([&]() -> weft::task<> {
        const certificate_files f;
        const auto script = f.folder.write("server.py", python_server);
        child server("python3 " + script + " " + f.certificate + " " + f.key + " plain");
        const auto port = static_cast<std::uint16_t>(std::stoi("0" + co_await server.line()));
        auto s = co_await weft::open_connection("localhost", port);
        co_await s.write("plain\n");
        EXPECT_EQ(co_await s.read_line(), "PLAIN");
        co_await s.write("starttls\n");
        EXPECT_EQ(co_await s.read_line(), "go on");
        co_await s.start_tls(client_context(), {.server_hostname = "localhost"});
        co_await s.write("secret\n");
        EXPECT_EQ(co_await s.read_line(), "SECRET");
        co_await s.close();
    });
}

}  // namespace
