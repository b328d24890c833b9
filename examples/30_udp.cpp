// SPDX-License-Identifier: Apache-2.0
// Datagrams: a server that answers each with its length, and clients that ask again when no answer comes, for UDP may
// lose what it carries.
//
//     transport, protocol = await loop.create_datagram_endpoint(Lengths, local_addr=("127.0.0.1", 0))
//     class Lengths(asyncio.DatagramProtocol):
//         def datagram_received(self, data, addr): self.transport.sendto(str(len(data)).encode(), addr)
#include <weft/net/datagram_socket.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

weft::task<> serve(weft::datagram_socket& socket, int lost) {
    for (;;) {
        const weft::datagram d = co_await socket.receive_from();
        if (lost-- > 0) continue;  // as the network does now and then
        co_await socket.send_to(std::to_string(d.sent_bytes) + (d.is_truncated() ? ", of which I saw less" : ""),
                                d.from);
    }
}

weft::task<std::string> ask(weft::datagram_socket& socket, std::string question) {
    for (int tries = 1;; ++tries) {
        co_await socket.send(question);
        auto answer = co_await weft::select(socket.receive_from(), weft::sleep(20ms));
        if (answer.index() == 0) co_return std::get<0>(answer).bytes;
        if (tries == 3) throw weft::timeout_error("no answer from " + socket.peer().to_string());
        std::puts("no answer: once more");
    }
}

weft::task<> main_task() {
    auto server = co_await weft::datagram_socket::bind("127.0.0.1", 0, {.max_bytes = 10});
    const weft::address at = server.local();  // its port is the kernel's choice
    const auto serving = weft::create_task(serve(server, 1));

    auto client = co_await weft::datagram_socket::connect(at.host, at.port);
    for (const char* question : {"hello", "", "a long question"}) {
        std::printf("\"%s\": %s\n", question, (co_await ask(client, question)).c_str());
    }

    serving.cancel();
    server.close();
    try {  // somebody who is not there is heard of by those who are connected
        co_await ask(client, "anybody?");
    } catch (const std::system_error& e) {
        std::printf("%s\n", e.code().message().c_str());
    }
}

int main() { weft::run(main_task()); }
