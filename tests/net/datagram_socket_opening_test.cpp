// SPDX-License-Identifier: Apache-2.0
// Datagram sockets whose names take their time.
#include "io/operations.hpp"
#include "net/datagrams.hpp"
#include "net/name_server.hpp"

#include <weft/net/create_datagram_endpoint.hpp>

using namespace weft_test;
using weft::datagram_socket;

namespace {

/// Cancels and destroys `open()` while it waits for a name server that is silent.
template <class F>
void give_up(F open) {
    const name_server names({{"slow.test", {"127.0.0.1"}}});
    names.keep_silent();
    const auto main = [&]() -> weft::task<> {
        names.serve();
        co_await open();
    };
    cancel_while_waiting(main);
    destroy_while_waiting(main);
    names.answer();
}

TEST(datagram_socket, cancelled_or_destroyed_while_the_name_to_bind_to_is_looked_up) {
    give_up([] { return datagram_socket::bind("slow.test", 0); });
}

TEST(datagram_socket, cancelled_or_destroyed_while_the_name_of_its_peer_is_looked_up) {
    give_up([] { return datagram_socket::connect("slow.test", 9); });
}

TEST(datagram_socket, has_no_await_but_for_a_name_at_which_opening_could_be_cancelled) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        auto opening = weft::create_task(datagram_socket::bind("127.0.0.1", 0));
        co_await weft::yield_now();
        EXPECT_TRUE(opening.done());
        EXPECT_FALSE(opening.cancel());
        auto late = weft::create_task(datagram_socket::bind("127.0.0.1", 0));
        late.cancel();
        EXPECT_THROW(co_await std::move(late), weft::cancelled_error);
        EXPECT_EQ(open_descriptors(), before + 1);
    });
}

TEST(a_datagram_endpoint, cancelled_or_destroyed_while_a_name_is_looked_up_is_not_made) {
    struct told : weft::datagram_protocol {
        explicit told(int& count) : calls(count) {}
        void connection_made(weft::datagram_transport) override { ++calls; }
        void connection_lost(std::exception_ptr) override { ++calls; }
        int& calls;
    };
    int calls = 0;
    give_up([&calls] {
        const auto factory = [&calls] { return std::make_shared<told>(calls); };
        return weft::create_datagram_endpoint(factory, {.remote = weft::address{"slow.test", 9}});
    });
    EXPECT_EQ(calls, 0);
}

}  // namespace
