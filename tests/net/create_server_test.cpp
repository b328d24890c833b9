// SPDX-License-Identifier: Apache-2.0
// Protocols over real sockets: what the peer sees, what the server counts.
#include "net/recorded_client.hpp"

#include <weft/net/create_connection.hpp>

#include <cstdio>

using namespace weft_test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

/// Sends back what it receives, and reads no more while that is too much.
struct echo : weft::protocol {
    void connection_made(weft::transport t) override { transport = std::move(t); }
    void data_received(std::span<const std::byte> data) override {
        transport.write(data);
        most_unsent = std::max(most_unsent, transport.get_write_buffer_size());
    }
    bool eof_received() override {
        transport.close();
        return false;
    }
    void pause_writing() override { transport.pause_reading(); }
    void resume_writing() override { transport.resume_reading(); }
    weft::transport transport;
    static inline std::size_t most_unsent = 0;
};

/// The same by memory of its own.
struct buffered_echo : weft::buffered_protocol {
    void connection_made(weft::transport t) override { transport = std::move(t); }
    std::span<std::byte> get_buffer(std::size_t) override { return memory; }
    void buffer_updated(std::size_t count) override { transport.write(std::span(memory).first(count)); }
    weft::transport transport;
    std::array<std::byte, 1000> memory;
};

auto echoes() {
    return weft::create_server([] { return std::make_unique<echo>(); }, "127.0.0.1", 0);
}

TEST(create_server, has_a_protocol_called_back_for_each_connection) {
    run([]() -> weft::task<> {
        int made = 0;
        auto server = co_await weft::create_server(
            [&made] {
                ++made;
                return std::make_shared<echo>();
            },
            "127.0.0.1", 0);
        std::vector<weft::stream> clients;
        for (std::size_t i = 1; i <= 10; ++i) {
            clients.push_back(co_await weft::open_connection("127.0.0.1", server.port()));
            for (weft::stream& c : clients) {
                co_await c.write("hello\n");
                EXPECT_EQ(co_await c.read_line(), "hello");
            }
            EXPECT_EQ(server.connections(), i);
        }
        clients.clear();
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
        EXPECT_EQ(made, 10);
    });
}

TEST(create_server, echoes_16_MiB_for_a_client_that_half_closes_and_then_reads) {
    run([]() -> weft::task<> {
        auto plain = co_await echoes();
        auto buffered = co_await weft::create_server([] { return std::make_unique<buffered_echo>(); }, "127.0.0.1", 0);
        std::string text(16 << 20, '\0');
        for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i % 251);
        for (const auto port : {plain.port(), buffered.port()}) {
            auto client = co_await weft::open_connection("127.0.0.1", port, {.limit = 1024});
            static_cast<void>(client.write(text));
            client.write_eof();
            co_await settle();  // nobody reads: both sides have stopped
            EXPECT_EQ(co_await client.read_all(), text);
        }
        EXPECT_LE(echo::most_unsent, 64u * 1024 + 64 * 1024);  // the watermark, and what came at once
    });
}

TEST(create_server, counts_a_connection_until_it_is_lost_and_waits_for_it) {
    run([]() -> weft::task<> {
        auto server = co_await echoes();
        auto client = co_await weft::open_connection("127.0.0.1", server.port());
        co_await client.write("x");
        co_await client.read(1);
        server.close();
        auto closed = weft::create_task(server.wait_closed());
        co_await settle();
        EXPECT_FALSE(closed.done());
        EXPECT_EQ(server.connections(), 1u);
        co_await client.close();
        co_await closed;
    });
}

TEST(create_server, and_create_connection_cancelled_or_destroyed_while_a_name_is_looked_up_make_no_protocol) {
    const name_server names({{"slow.test", {"127.0.0.1"}}});
    names.keep_silent();
    int made = 0;
    const auto factory = [&made] {
        ++made;
        return std::make_unique<echo>();
    };
    const auto serve = [&]() -> weft::task<> {
        names.serve();  // afresh: each runs on a loop of its own
        co_await weft::create_server(factory, "slow.test", 0);
    };
    const auto connect = [&]() -> weft::task<> {
        names.serve();
        co_await weft::create_connection(factory, "slow.test", 80);
    };
    cancel_while_waiting(serve);
    cancel_while_waiting(connect);
    destroy_while_waiting(serve);
    destroy_while_waiting(connect);
    names.answer();
    EXPECT_EQ(made, 0);
}

TEST(create_server, cancelling_connections_aborts_them) {
    run([] { return expect_that_connections_end([](weft::server& s) { s.cancel_connections(); }, true); });
}

TEST(create_server, whose_factory_throws_or_gives_nothing_reports_it_and_ends_that_connection) {
    run([]() -> weft::task<> {
        reports heard;
        int calls = 0;
        auto server = co_await weft::create_server(
            [&calls]() -> std::shared_ptr<echo> {
                if (++calls == 1) throw std::runtime_error("no protocol today");
                if (calls == 2) return nullptr;
                return std::make_shared<echo>();
            },
            "127.0.0.1", 0);
        for (int i = 0; i < 2; ++i) {
            auto refused = co_await weft::open_connection("127.0.0.1", server.port());
            EXPECT_EQ(co_await refused.read_all(), "");
        }
        auto served = co_await weft::open_connection("127.0.0.1", server.port());
        co_await served.write("x");
        EXPECT_EQ(co_await served.read(1), "x");
        EXPECT_THAT(heard.messages, ElementsAre("Unhandled exception in a connection handler",
                                                "Unhandled exception in a connection handler"));
    });
}

TEST(create_connection, talks_to_a_protocol_on_the_other_side) {
    run([]() -> weft::task<> {
        auto server = co_await echoes();
        diary log;
        auto [transport, protocol] = co_await weft::create_connection(
            [&log] { return std::make_unique<recorder>(log); }, "127.0.0.1", server.port());
        EXPECT_EQ(log.next(), "made");
        EXPECT_EQ(protocol->transport, transport);
        EXPECT_EQ(transport.peer(), (weft::address{"127.0.0.1", server.port()}));
        transport.writelines({"hel", "lo"});
        co_await settle();
        EXPECT_EQ(log.next(), "hello");
        transport.write_eof();
        co_await transport.wait_closed();
        EXPECT_EQ(log.next(), "eof lost");
        EXPECT_EQ(protocol.use_count(), 1);  // nobody else keeps it
    });
}

TEST(create_unix_server, and_create_unix_connection_do_the_same_by_a_path) {
    run([]() -> weft::task<> {
        const std::string path("\0weft_create_unix_server_test", 29);  // abstract: no file is left
        auto server = co_await weft::create_unix_server([] { return std::make_unique<echo>(); }, path);
        diary log;
        auto [transport, protocol] =
            co_await weft::create_unix_connection([&log] { return std::make_unique<recorder>(log); }, path);
        transport.write("hello");
        co_await settle();
        EXPECT_EQ(log.next(), "made hello");
        transport.write_eof();
        co_await transport.wait_closed();
        EXPECT_EQ(log.next(), "eof lost");
    });
}

TEST(create_server, listens_on_several_hosts) {
    run([]() -> weft::task<> {
        auto server =
            co_await weft::create_server([] { return std::make_unique<echo>(); }, {"127.0.0.1", "127.0.0.2"}, 0);
        for (const char* host : {"127.0.0.1", "127.0.0.2"}) {
            auto client = co_await weft::open_connection(host, server.port());
            co_await client.write("x");
            EXPECT_EQ(co_await client.read(1), "x");
        }
    });
}

TEST(create_connection, that_fails_does_not_call_the_factory) {
    run([]() -> weft::task<> {
        auto server = co_await echoes();
        const auto port = server.port();
        server.close();
        int made = 0;
        const auto factory = [&made] {
            ++made;
            return std::make_shared<echo>();
        };
        EXPECT_THROW(co_await weft::create_connection(factory, "127.0.0.1", port), std::system_error);
        EXPECT_EQ(made, 0);
    });
}

TEST(create_connection, takes_a_buffered_protocol_too) {
    run([]() -> weft::task<> {
        auto server = co_await echoes();
        diary log;
        auto [transport, protocol] = co_await weft::create_connection(
            [&log] { return std::make_unique<buffered_recorder>(log, 3); }, "127.0.0.1", server.port());
        transport.write("hello");
        co_await settle();
        EXPECT_EQ(log.next(), "made get5 hel get2 lo");
        transport.close();
        co_await transport.wait_closed();
    });
}

// Ending, as the peer sees it

TEST(a_connection, that_is_closed_delivers_what_was_written) {
    run([]() -> weft::task<> {
        auto server = co_await weft::create_server(
            [] {
                struct generous : weft::protocol {
                    void connection_made(weft::transport t) override {
                        t.write(std::string(16 << 20, 'x'));
                        t.close();
                    }
                };
                return std::make_unique<generous>();
            },
            "127.0.0.1", 0);
        auto client = co_await weft::open_connection("127.0.0.1", server.port(), {.limit = 1024});
        co_await settle();
        EXPECT_EQ((co_await client.read_all()).size(), 16u << 20);
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
    });
}

TEST(a_connection, that_is_aborted_is_reset) {
    run([]() -> weft::task<> {
        auto server = co_await weft::create_server(
            [] {
                struct rude : weft::protocol {
                    void connection_made(weft::transport t) override {
                        t.write(std::string(16 << 20, 'x'));
                        t.abort();
                    }
                };
                return std::make_unique<rude>();
            },
            "127.0.0.1", 0);
        auto client = co_await weft::open_connection("127.0.0.1", server.port());
        EXPECT_THROW(co_await client.read_all(), std::system_error);
    });
}

TEST(a_connection, that_the_peer_resets_is_lost_by_that) {
    run([]() -> weft::task<> {
        diary log;
        std::uint16_t port = 0;
        const auto listener = listen_on_loopback(port);
        auto [transport, protocol] =
            co_await weft::create_connection([&log] { return std::make_unique<recorder>(log); }, "127.0.0.1", port);
        weft::unique_fd peer(::accept(listener.get(), nullptr, nullptr));
        reset(peer);
        co_await transport.wait_closed();
        EXPECT_EQ(log.next(), "made lost:" + std::to_string(ECONNRESET));
    });
}

TEST(a_connection, that_is_closed_last_sends_everything_before_the_loop_closes) {
    std::uint16_t port = 0;
    const auto listener = listen_on_loopback(port);
    weft::run([](std::uint16_t at) -> weft::task<> {
        auto [transport, protocol] =
            co_await weft::create_connection([] { return std::make_unique<weft::protocol>(); }, "127.0.0.1", at);
        transport.write("last ");
        transport.write("words");
        transport.close();
    }(port));
    const weft::unique_fd peer(::accept(listener.get(), nullptr, nullptr));
    char text[32];
    const auto count = ::recv(peer.get(), text, sizeof text, MSG_WAITALL);
    EXPECT_EQ(std::string_view(text, static_cast<std::size_t>(std::max<long>(count, 0))), "last words");
}

// A real counterpart

constexpr const char* asyncio_client = R"(
import asyncio, sys

class Client(asyncio.Protocol):
    def __init__(self): self.log, self.data, self.over = [], b"", asyncio.get_running_loop().create_future()
    def connection_made(self, transport): self.transport = transport; self.log.append("made")
    def data_received(self, data): self.data += data
    def eof_received(self): self.log.append("eof")
    def connection_lost(self, exc): self.log.append(f"lost {exc}"); self.over.set_result(None)
    def pause_writing(self): self.log.append("pause")
    def resume_writing(self): self.log.append("resume")

async def main():
    text = bytes(range(256)) * 4096
    transport, protocol = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", int(sys.argv[1]))
    transport.write(text)
    transport.write_eof()
    await asyncio.wait_for(protocol.over, 20)
    print(protocol.data == text, *[word for word in protocol.log if word not in ("pause", "resume")])

asyncio.run(main())
)";

std::string output_of(const std::string& command) {
    std::string all;
    std::FILE* const from = ::popen(command.c_str(), "r");
    if (!from) return "no shell";
    char piece[256];
    while (std::fgets(piece, sizeof piece, from)) all += piece;
    ::pclose(from);
    return all;
}

TEST(an_asyncio_client, gets_back_what_it_sent) {
    if (output_of("python3 -c 'print(1)' 2>/dev/null") != "1\n") GTEST_SKIP() << "python3 is missing";
    weft::run([]() -> weft::task<> {
        auto plain = co_await echoes();
        auto buffered = co_await weft::create_server([] { return std::make_unique<buffered_echo>(); }, "127.0.0.1", 0);
        for (const auto port : {plain.port(), buffered.port()}) {
            const std::string command =
                std::string("timeout 30 python3 -c '") + asyncio_client + "' " + std::to_string(port);
            EXPECT_EQ(co_await weft::to_thread(output_of, command), "True made eof lost None\n");
        }
    }());
}

}  // namespace
