// SPDX-License-Identifier: Apache-2.0
// Datagrams to and from CPython's asyncio and plain sockets, in a process of their own.
#include <weft/net/datagram_socket.hpp>

#include "io/connected.hpp"
#include "net/child.hpp"

#include <cstdlib>

using namespace std::chrono_literals;
using namespace weft_test;
using weft::datagram_socket;

namespace {

constexpr const char* asyncio_echo_server = R"(
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, addr):
        if data == b"quit": done.set()
        self.transport.sendto(data[::-1], addr)
async def main():
    global done
    done = asyncio.Event()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    print(transport.get_extra_info("sockname")[1], flush=True)
    await done.wait()
    await asyncio.sleep(0)
    transport.close()
asyncio.run(main())
)";

constexpr const char* asyncio_client = R"(
class Client(asyncio.DatagramProtocol):
    def __init__(self): self.answers = asyncio.Queue()
    def datagram_received(self, data, addr): self.answers.put_nowait(data)
async def main():
    transport, client = await asyncio.get_running_loop().create_datagram_endpoint(Client, remote_addr=("127.0.0.1", PORT))
    for size in (1, 1000, 65507):
        transport.sendto(b"x" * size)
        answer = await asyncio.wait_for(client.answers.get(), 15)
        print(len(answer))
    transport.close()
asyncio.run(main())
)";

constexpr const char* socket_client = R"(
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(15)
s.connect(("127.0.0.1", PORT))
for i in range(100):
    s.send(b"%d" % i)
    assert s.recv(100) == b"%d" % i
print("all")
)";

std::string with_port(std::string program, std::uint16_t port) {
    return program.replace(program.find("PORT"), 4, std::to_string(port));
}

weft::task<> echo(datagram_socket& s) {
    for (;;) {
        const auto d = co_await s.receive_from();
        co_await s.send_to(d.bytes, d.from);
    }
}

/// What a client that talks to an echo server of ours says.
std::string what_is_said_by(const char* program) {
    std::string said;
    weft::run([&]() -> weft::task<> {
        auto s = co_await datagram_socket::bind("127.0.0.1", 0);
        auto serving = weft::create_task(echo(s));
        co_await weft::to_thread([&] {
            child client(python(with_port(program, s.local().port)));
            said = client.read_all();
            EXPECT_EQ(client.finish(), 0);
        });
        serving.cancel();
    }());
    return said;
}

TEST(datagram_counterpart, an_asyncio_endpoint_answers) {
    if (!is_installed("python3")) GTEST_SKIP() << "no python3";
    child server(python(asyncio_echo_server));
    const int port = std::atoi(server.read_line().c_str());
    weft::run([&]() -> weft::task<> {
        auto s = co_await datagram_socket::connect("127.0.0.1", static_cast<std::uint16_t>(port));
        for (const std::string text : {"abc", "x"}) {  // not "": before 3.13 asyncio sent no empty ones
            co_await s.send(text);
            const auto answer = co_await weft::wait_for(
                [](datagram_socket& from) -> weft::task<weft::datagram> { co_return co_await from.receive_from(); }(s),
                15s);
            EXPECT_EQ(answer.bytes, std::string(text.rbegin(), text.rend()));
            EXPECT_EQ(answer.from.port, port);
        }
        co_await s.send("quit");
    }());
    EXPECT_EQ(server.finish(), 0);
}

TEST(datagram_counterpart, an_asyncio_endpoint_is_answered) {
    if (!is_installed("python3")) GTEST_SKIP() << "no python3";
    EXPECT_EQ(what_is_said_by(asyncio_client), "1\n1000\n65507\n");
}

TEST(datagram_counterpart, a_plain_socket_is_answered) {
    if (!is_installed("python3")) GTEST_SKIP() << "no python3";
    EXPECT_EQ(what_is_said_by(socket_client), "all\n");
}

}  // namespace
