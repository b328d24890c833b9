// SPDX-License-Identifier: Apache-2.0
// Protocols over TLS, from the start and in mid-connection, with Python's asyncio on the other side.
#include "tls/child.hpp"
#include "tls/secured_protocols.hpp"

using namespace weft_test;

namespace {

/// Speaks first as it is, and after STARTTLS over TLS: a line is answered by what `answer` says, a big one counted.
struct line_protocol : weft::protocol, std::enable_shared_from_this<line_protocol> {
    explicit line_protocol(weft::tls_context c) : context(std::move(c)) {}
    void connection_made(weft::transport t) override { transport = std::move(t); }
    void data_received(std::span<const std::byte> data) override {
        text += weft::as_text(data);
        if (!text.ends_with('\n')) return;
        const std::string line = std::exchange(text, {});
        if (line == "STARTTLS\n") {
            transport.write("go on\n");
            weft::spawn(weft::start_tls(transport, shared_from_this(), context));
        } else {
            transport.write((transport.tls() ? "secret " : "plain ") + std::to_string(line.size()) + "\n");
        }
    }
    void connection_lost(std::exception_ptr error) override { why = why_text(error); }
    weft::transport transport;
    weft::tls_context context;
    std::string text;
    static inline std::string why;
};

constexpr const char* python_client = R"(
import asyncio, ssl, sys

class Client(asyncio.Protocol):
    def __init__(self):
        self.text, self.lines, self.over = b"", asyncio.Queue(), asyncio.get_running_loop().create_future()
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data):
        self.text += data
        *lines, self.text = self.text.split(b"\n")
        for line in lines: self.lines.put_nowait(line.decode())
    def connection_lost(self, exc): self.over.set_result(exc)

async def main(ca, port, upgrades):
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(cafile=ca)
    secured = {} if upgrades else {"ssl": context, "server_hostname": "localhost"}
    transport, protocol = await loop.create_connection(Client, "127.0.0.1", port, **secured)
    async def ask(text):
        transport.write(text + b"\n")
        return await asyncio.wait_for(protocol.lines.get(), 20)
    if upgrades:
        print(await ask(b"hello"))
        print(await ask(b"STARTTLS"))
        transport = await loop.start_tls(transport, protocol, context, server_hostname="localhost")
    print(transport.get_extra_info("ssl_object").version(), transport.get_extra_info("peercert")["subject"][0][0][1])
    print(await ask(b"x" * (4 << 20)))
    transport.close()
    print("lost", await asyncio.wait_for(protocol.over, 20))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "upgrades"))
)";

TEST(an_asyncio_protocol, as_a_client_talks_to_our_protocol_over_tls_and_by_start_tls) {
    if (!has_program("python3")) GTEST_SKIP() << "there is no python3";
    run([]() -> weft::task<> {
        const certificate_files f;
        const auto script = f.folder.write("client.py", python_client);
        const auto make = [] { return std::make_shared<line_protocol>(server_context()); };
        for (const bool upgrades : {false, true}) {
            weft::server_options options;
            if (!upgrades) options.tls = server_context();
            auto server = co_await weft::create_server(make, "127.0.0.1", 0, options);
            line_protocol::why = "not lost";
            child visitor("python3 " + script + " " + f.ca + " " + std::to_string(server.port()) +
                          (upgrades ? " upgrades" : " at-once"));
            const auto all = co_await visitor.end();
            const std::string before = upgrades ? "plain 6\ngo on\n" : "";
            EXPECT_EQ(all.text, before + "TLSv1.3 localhost\nsecret 4194305\nlost None\n");
            server.close();
            co_await server.wait_closed();
            EXPECT_EQ(line_protocol::why, "");
        }
    });
}

constexpr const char* python_server = R"(
import asyncio, ssl, sys

class Server(asyncio.Protocol):
    text, secured = b"", False
    def connection_made(self, transport):
        self.transport, self.secured = transport, transport.get_extra_info("ssl_object") is not None
    def data_received(self, data):
        self.text += data
        if not self.text.endswith(b"\n"): return
        line, self.text = self.text, b""
        if line == b"STARTTLS\n":
            self.transport.write(b"go on\n")
            self.upgrading = asyncio.create_task(self.upgrade())
        elif line == b"close\n":
            self.transport.close()
        else:
            self.transport.write(b"%s %d\n" % (b"secret" if self.secured else b"plain", len(line)))
    async def upgrade(self):
        self.transport = await asyncio.get_running_loop().start_tls(self.transport, self, context, server_side=True)
        self.secured = True
    def connection_lost(self, exc): print("lost", exc, flush=True)

async def main(plain):
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, ssl=None if plain else context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
asyncio.run(main(sys.argv[3] == "upgrades"))
)";

TEST(an_asyncio_protocol, as_a_server_is_visited_by_our_protocol_over_tls_and_by_start_tls) {
    if (!has_program("python3")) GTEST_SKIP() << "there is no python3";
    run([]() -> weft::task<> {
        const certificate_files f;
        const auto script = f.folder.write("server.py", python_server);
        for (const bool upgrades : {false, true}) {
            child server("python3 " + script + " " + f.certificate + " " + f.key +
                         (upgrades ? " upgrades" : " at-once"));
            const auto port = static_cast<std::uint16_t>(std::stoi("0" + co_await server.line()));
            diary log;
            weft::event answered;
            log.during = [&answered](const std::string&) { answered.set(); };
            weft::connect_options options;
            if (!upgrades) {
                options.tls = client_context();
                options.server_hostname = "localhost";
            }
            auto [transport, protocol] = co_await weft::create_connection(
                [&log] { return std::make_shared<witness>(log); }, "127.0.0.1", port, options);
            log.next();
            const auto ask = [&](std::string text) -> weft::task<std::string> {
                answered.clear();
                transport.write(text + "\n");
                while (!log.text.ends_with('\n')) {
                    co_await answered.wait();
                    answered.clear();
                }
                co_return log.next();
            };
            if (upgrades) {
                EXPECT_EQ(co_await ask("hello"), "plain 6\n");
                EXPECT_EQ(co_await ask("STARTTLS"), "go on\n");
                co_await secure_client(protocol);
                EXPECT_EQ(log.next(), "secured");
            }
            const std::string answer = co_await ask(std::string(4 << 20, 'x'));
            EXPECT_THAT(answer, testing::EndsWith("secret 4194305\n"));  // pause and resume before it, perhaps
            transport.write("close\n");
            co_await transport.wait_closed();
            EXPECT_THAT(log.next(), testing::EndsWith("eof lost"));
            EXPECT_EQ(co_await server.line(), "lost None");
        }
    });
}

}  // namespace
