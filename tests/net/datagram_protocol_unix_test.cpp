// SPDX-License-Identifier: Apache-2.0
// Endpoints on Unix sockets: with each other, with datagram_socket, and with asyncio.
#include "io/temporary_folder.hpp"
#include "net/child.hpp"
#include "net/datagram_recorder.hpp"

#include <weft/net/create_datagram_endpoint.hpp>
#include <weft/net/datagram_socket.hpp>

using namespace weft_test;
using testing::HasSubstr;

namespace {

auto endpoint(diary& log, weft::unix_datagram_endpoint_options options) {
    return weft::create_unix_datagram_endpoint([&log] { return std::make_unique<datagram_recorder>(log); },
                                               std::move(options));
}

/// What opening an endpoint throws.
weft::task<std::string> refusal(weft::unix_datagram_endpoint_options options) {
    diary log;
    try {
        co_await endpoint(log, std::move(options));
    } catch (const std::exception& e) {
        EXPECT_EQ(log.next(), "");
        co_return e.what();
    }
    co_return "";
}

TEST(a_unix_datagram_endpoint, talks_to_another_and_is_answered) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        diary server_log, client_log;
        auto [server, server_protocol] = co_await endpoint(server_log, {.local = folder / "server"});
        EXPECT_EQ(server.local(), (weft::address{folder / "server"}));
        auto [client, p] = co_await endpoint(client_log, {.local = folder / "client", .remote = folder / "server"});
        EXPECT_EQ(client.peer(), server.local());
        client.send("one");
        client.send("");
        client.send_to("two", server.local());
        co_await settle();
        EXPECT_EQ(server_log.next(), "made <one> <> <two>");
        EXPECT_EQ(server_protocol->from, client.local());
        server.send_to("answer", server_protocol->from);
        co_await settle();
        EXPECT_EQ(client_log.next(), "made <answer>");
        EXPECT_THROW(client.send_to("x", {folder / "elsewhere"}), std::invalid_argument);
        EXPECT_THROW(server.send_to("x", {}), std::invalid_argument);
        EXPECT_THROW(server.send("x"), std::invalid_argument);
        server.close();
        client.close();
        co_await server.wait_closed();
        co_await client.wait_closed();
        EXPECT_EQ(server_log.next() + client_log.next(), "lostlost");
    });
}

TEST(a_unix_datagram_endpoint, without_a_name_is_nobody_to_its_peer) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        diary log, nameless_log;
        auto [server, p] = co_await endpoint(log, {.local = folder / "server"});
        auto [nameless, q] = co_await endpoint(nameless_log, {.remote = folder / "server"});
        EXPECT_EQ(nameless.local(), weft::address());
        nameless.send("x");
        co_await settle();
        EXPECT_EQ(log.next(), "made <x>");
        EXPECT_EQ(p->from, weft::address());
        server.abort();
        nameless.abort();
    });
}

TEST(a_unix_datagram_endpoint, may_be_abstract) {
    run([]() -> weft::task<> {
        const std::string name = "weft-endpoint-" + std::to_string(::getpid());
        diary log, other;
        auto [server, p] = co_await endpoint(log, {.local = "@" + name});
        auto [client, q] = co_await endpoint(other, {.remote = '\0' + name});  // as Python spells it
        EXPECT_EQ(client.peer().host, "@" + name);
        client.send("x");
        co_await settle();
        EXPECT_EQ(log.next(), "made <x>");
        EXPECT_THAT(co_await refusal({.local = "@" + name}), HasSubstr("bind @" + name + ": "));
        server.abort();
        client.abort();
    });
}

TEST(a_unix_datagram_endpoint, replaces_a_sockets_file_alone_and_leaves_its_own) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        diary log, next_log;
        auto [first, p] = co_await endpoint(log, {.local = folder / "s"});
        auto [next, q] = co_await endpoint(next_log, {.local = folder / "s"});
        first.abort();
        co_await first.wait_closed();
        next.send_to("to myself", {folder / "s"});
        co_await settle();
        EXPECT_EQ(next_log.next(), "made <to myself>");
        next.close();
        co_await next.wait_closed();
        EXPECT_TRUE(std::filesystem::exists(folder / "s"));
        std::filesystem::create_directory(folder / "d");
        EXPECT_THAT(co_await refusal({.local = folder / "d"}), HasSubstr("bind " + (folder / "d") + ": "));
        EXPECT_TRUE(std::filesystem::exists(folder / "d"));
    });
}

TEST(a_unix_datagram_endpoint, that_cannot_be_had_says_why) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        weft::unix_datagram_endpoint_options options;
        EXPECT_THAT(co_await refusal(options), HasSubstr("neither local nor remote"));
        options.local = "";
        EXPECT_THAT(co_await refusal(options), HasSubstr("the path is empty"));
        options.local = std::string(200, 'x');
        EXPECT_THAT(co_await refusal(options), HasSubstr("200 bytes"));
        options = {.remote = folder / "nobody"};
        EXPECT_THAT(co_await refusal(options),
                    HasSubstr("connect to " + (folder / "nobody") + ": No such file or directory"));
    });
}

TEST(a_unix_datagram_endpoint, is_told_of_a_peer_that_has_gone_and_goes_on) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        diary log, other;
        auto [server, p] = co_await endpoint(other, {.local = folder / "s"});
        auto [client, q] = co_await endpoint(log, {.local = folder / "c"});
        server.abort();
        co_await server.wait_closed();
        log.next();
        client.send_to("four", {folder / "s"});
        EXPECT_EQ(log.next(), "error:" + std::to_string(ECONNREFUSED));
        EXPECT_EQ(q->last_error, "send 4 bytes to " + (folder / "s") + ": Connection refused");
        auto [again, r] = co_await endpoint(other, {.local = folder / "s"});
        other.next();
        client.send_to("four", {folder / "s"});
        co_await settle();
        EXPECT_EQ(other.next(), "<four>");
        EXPECT_EQ(log.next(), "");
        again.abort();
        client.abort();
    });
}

TEST(a_unix_datagram_endpoint, keeps_what_a_full_receiver_does_not_take_and_sends_it_in_order) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        for (const bool connected : {false, true}) {
            auto slow = co_await weft::datagram_socket::bind_unix(folder / "slow");
            diary log;
            weft::unix_datagram_endpoint_options options;
            (connected ? options.remote : options.local) = folder / (connected ? "slow" : "fast");
            auto [fast, p] = co_await endpoint(log, options);
            fast.set_write_buffer_limits(100);
            int sent = 0;
            while (fast.get_write_buffer_size() <= 100) {
                const std::string text = std::to_string(sent++);
                connected ? fast.send(text) : fast.send_to(text, slow.local());
            }
            EXPECT_EQ(log.next(), "made pause");
            for (int i = 0; i < sent; ++i) {
                const auto d = co_await slow.receive_from();
                EXPECT_EQ(d.bytes, std::to_string(i));
            }
            EXPECT_EQ(log.next(), "resume");
            EXPECT_EQ(fast.get_write_buffer_size(), 0u);
            fast.abort();
            co_await fast.wait_closed();
        }
    });
}

TEST(a_unix_datagram_endpoint, receives_256_KiB_and_is_told_of_what_was_cut) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        diary log;
        auto [t, p] = co_await endpoint(log, {.local = folder / "s"});
        auto peer = co_await weft::datagram_socket::connect_unix(folder / "s", {.send_buffer_bytes = 1 << 20});
        log.next();
        for (const std::size_t size : {100'000u, 262'144u}) {
            co_await peer.send(std::string(size, 'x'));
            co_await settle();
            EXPECT_TRUE(log.next() == "<" + std::string(size, 'x') + ">");
        }
        const std::string cut = "error:" + std::to_string(EMSGSIZE);
        try {
            co_await peer.send(std::string(262'145, 'x'));
        } catch (const std::system_error& e) {  // net.core.wmem_max is small here
            std::printf("skipped: %s\n", e.what());
            t.abort();
            co_return;
        }
        co_await peer.send("next");
        co_await settle();
        EXPECT_TRUE(log.next() == cut + " <" + std::string(262'144, 'x') + "> <next>");
        EXPECT_EQ(p->last_error, "receive at " + (folder / "s") +
                                     ": 262145 bytes, of which the first 262144 follow: Message too long");
        log.during = [&, self = t](const std::string& word) {
            if (word == cut) self.close();
        };
        co_await peer.send(std::string(262'145, 'x'));
        co_await t.wait_closed();
        EXPECT_EQ(log.next(), cut + " lost");
    });
}

TEST(a_unix_datagram_endpoint, cancelled_while_it_is_made_is_closed) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        diary log;
        auto opening = weft::create_task(endpoint(log, {.local = folder / "s"}));
        co_await turn();
        opening.cancel();
        EXPECT_THROW(co_await opening, weft::cancelled_error);
        co_await settle();
        EXPECT_EQ(log.next(), "made lost");
    });
}

// A path that is relative to where the process is

TEST(a_unix_datagram, from_a_relative_path_can_be_answered) {
    const temporary_folder folder;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    run([&]() -> weft::task<> {
        auto server = co_await weft::datagram_socket::bind_unix("server.sock");
        EXPECT_EQ(server.local().to_string(), "server.sock");
        diary log;
        auto [client, p] = co_await endpoint(log, {.local = "client.sock", .remote = "server.sock"});
        client.send("x");
        const auto d = co_await server.receive_from();
        EXPECT_EQ(d.from.to_string(), "client.sock");
        co_await server.send_to("answer", d.from);
        co_await settle();
        EXPECT_EQ(log.next(), "made <answer>");
        client.abort();
        co_await client.wait_closed();
        try {
            server.connect({"client.sock"});
            ADD_FAILURE() << "it is gone";
        } catch (const std::system_error& e) {
            EXPECT_THAT(e.what(), HasSubstr("connect to client.sock: "));
        }
    });
    std::filesystem::current_path(before);
}

// asyncio on the other side

constexpr const char* asyncio_echo = R"(
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, addr):
        if data == b'quit': done.set_result(None)
        self.transport.sendto(data[::-1], addr)
async def main():
    global done
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    t, _ = await loop.create_datagram_endpoint(Echo, local_addr=sys.argv[1], family=socket.AF_UNIX)
    print('ready', flush=True)
    await done
    t.close()
asyncio.run(main())
)";

constexpr const char* asyncio_client = R"(
class Client(asyncio.DatagramProtocol):
    def __init__(self): self.answers = asyncio.Queue()
    def datagram_received(self, data, addr): self.answers.put_nowait((data, addr))
async def main():
    t, p = await asyncio.get_running_loop().create_datagram_endpoint(
        Client, local_addr=sys.argv[2], remote_addr=sys.argv[1], family=socket.AF_UNIX)
    for text in (b'x', b'y' * 50000):
        t.sendto(text)
        print(await asyncio.wait_for(p.answers.get(), 15) == (text, sys.argv[1]))
    t.close()
asyncio.run(main())
)";

std::vector<std::string> python_with(const std::string& program, const std::vector<std::string>& paths) {
    auto words = python(program);
    words.insert(words.end(), paths.begin(), paths.end());
    return words;
}

TEST(asyncio_by_unix_datagrams, answers_our_endpoint) {
    const temporary_folder folder;
    child server(python_with(asyncio_echo, {folder / "server"}));
    ASSERT_EQ(server.read_line(), "ready");
    weft::run([](std::string at, std::string own) -> weft::task<> {
        diary log;
        auto [t, p] = co_await endpoint(log, {.local = own, .remote = at});
        weft::future<> two;
        log.during = [&](const std::string& word) {
            if (word == "<tiuq>") two.set_result();
        };
        t.send("abc");
        t.send("quit");
        co_await two;
        EXPECT_EQ(log.next(), "made <cba> <tiuq>");
        t.close();
        co_await t.wait_closed();
    }(folder / "server", folder / "client"));
    EXPECT_EQ(server.finish(), 0);
}

/// Sends back what comes.
struct unix_echo : weft::datagram_protocol {
    void connection_made(weft::datagram_transport t) override { transport = std::move(t); }
    void datagram_received(std::span<const std::byte> data, const weft::address& from) override {
        transport.send_to(data, from);
    }
    weft::datagram_transport transport;
};

TEST(asyncio_by_unix_datagrams, is_answered_by_our_endpoint) {
    const temporary_folder folder;
    weft::run([](std::string at, std::string theirs) -> weft::task<> {
        const auto make = [] { return std::make_shared<unix_echo>(); };
        auto [t, p] = co_await weft::create_unix_datagram_endpoint(make, {.local = at});
        const std::vector<std::string> words = python_with(asyncio_client, {at, theirs});
        const auto said =
            co_await weft::to_thread([](std::vector<std::string> w) { return child(w).read_all(); }, words);
        EXPECT_EQ(said, "True\nTrue\n");
        t.close();
        co_await t.wait_closed();
    }(folder / "server", folder / "client"));
}

}  // namespace
