// SPDX-License-Identifier: Apache-2.0
// A datagram received into memory of the caller's, and sent back, costs no allocation.
#include "counted_allocations.hpp"
#include "net/datagrams.hpp"

using namespace weft_test;

namespace {

weft::task<> echo(weft::datagram_socket& s) {
    std::array<std::byte, 100> room;
    for (;;) {
        const auto d = co_await s.receive_from(room);
        co_await s.send_to(std::span(room).first(d.bytes), d.from);
    }
}

TEST(a_warm_datagram_socket, allocates_nothing_for_a_datagram) {
    std::size_t count = 0;
    const auto main = [&]() -> weft::task<> {  // on the real clock: the virtual one looks around a lot
        auto server = co_await on_loopback();
        auto client = co_await weft::datagram_socket::connect("127.0.0.1", server.local().port);
        auto serving = weft::create_task(echo(server));
        std::array<std::byte, 100> room;
        for (int i = 0; i < 1'100; ++i) {
            if (i == 100) count = allocations.load();
            co_await client.send("a datagram of some length, and its end");
            const auto d = co_await client.receive_from(room);
            EXPECT_EQ(d.bytes, 38u);
        }
        count = allocations.load() - count;
        serving.cancel();
    };
    weft::run(main());
    EXPECT_EQ(count, 0u);
}

}  // namespace
