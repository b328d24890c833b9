// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of a conversation between endpoints: somebody is told, and nothing is left.
#include "io/recorder.hpp"
#include "net/datagrams_without_memory.hpp"

#include <weft/net/create_datagram_endpoint.hpp>

#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

struct answering : weft::datagram_protocol {
    answering(refusals& r, bool is_echo) : told(r), echoes(is_echo) {}
    void connection_made(weft::datagram_transport t) override { transport = std::move(t); }
    void datagram_received(std::span<const std::byte> data, const weft::address& from) override {
        ++received;
        if (echoes) transport.send_to(data, from);
    }
    void error_received(std::exception_ptr e) override { told.note(e); }
    void connection_lost(std::exception_ptr e) override { told.note(e); }
    refusals& told;
    bool echoes;
    int received = 0;
    weft::datagram_transport transport;
};

/// Where the endpoints are: by UDP, and by paths too long to be kept without an allocation.
struct place {
    bool on_unix_sockets;
    weft::task<std::shared_ptr<answering>> open(refusals& told, const weft::datagram_transport* server) const {
        const auto make = [&] { return std::make_unique<answering>(told, server == nullptr); };
        if (on_unix_sockets) {
            weft::unix_datagram_endpoint_options options;
            options.local = long_abstract_name(server ? "client" : "server");
            if (server) options.remote = long_abstract_name("server");
            auto made = co_await weft::create_unix_datagram_endpoint(make, options);
            co_return std::move(made.protocol);
        }
        weft::datagram_endpoint_options options;
        options.local = weft::address{"127.0.0.1", 0};
        if (server) options.remote = server->local();
        auto made = co_await weft::create_datagram_endpoint(make, options);
        co_return std::move(made.protocol);
    }
};

struct party {
    std::shared_ptr<answering> server, client;
};

/// Opens what is not open yet: the second time it succeeds, for one allocation fails.
weft::task<> open_both(const place& at, party& p, refusals& told) {
    for (auto* const each : {&p.server, &p.client}) {
        while (!*each || (*each)->transport.is_closing()) {
            try {
                if (*each) co_await (*each)->transport.wait_closed();  // it has its name until then
                *each = co_await at.open(told, each == &p.client ? &p.server->transport : nullptr);
            } catch (const std::exception&) {
                told.note(std::current_exception());
            }
        }
    }
}

/// @param full  the kernel takes nothing so many times
weft::task<> converse(const place& at, party& p, int& full, refusals& told) {
    co_await open_both(at, p, told);
    for (int round = 1; round <= 2; ++round) {
        full = 1;  // then the three are queued; the second time in vain would be waited for by the clock
        for (int i = 0; i < 3; ++i) {
            try {
                p.client->transport.send(std::string(1'000, 'x'));
            } catch (const std::exception&) {
                told.note(std::current_exception());
            }
        }
        // A yield asks the kernel for nothing while there is something to do: it takes many.
        for (int yields = 0; yields < 100'000 && p.client->received < 3 * round && told.count == 0; ++yields) {
            co_await weft::yield_now();
        }
    }
}

struct outcome {
    bool complete = false, told = false;
    std::size_t allocations = 0;
};

weft::task<outcome> conversation_without(std::size_t number, const place& at, int& full) {
    refusals told{.may_lose_peer = true};
    party p;
    outcome out;
    weft::get_running_loop().set_exception_handler(
        [&told](weft::event_loop&, const weft::error_context& c) { told.note(c.exception); });
    {
        const one_without_memory failing(number);
        for (bool made = false; !made;) {
            try {
                co_await converse(at, p, full, told);
                made = true;
            } catch (const std::exception&) {
                told.note(std::current_exception());
            }
        }
        out.allocations = failing.allocations_made();
    }
    full = 0;
    out.complete = p.client->received >= 6;
    out.told = told.count > 0;

    // Both go on, unless they were lost to it.
    if (!p.server->transport.is_closing() && !p.client->transport.is_closing()) {
        const int so_far = p.client->received;
        p.client->transport.send("still here?");
        while (p.client->received == so_far) co_await weft::yield_now();
    }
    p.server->transport.close();
    p.client->transport.close();
    co_await p.server->transport.wait_closed();
    co_await p.client->transport.wait_closed();
    p.server->transport = p.client->transport = {};
    co_return out;
}

TEST(a_conversation_of_endpoints, without_memory_anywhere_tells_somebody) {
    for (const bool on_unix_sockets : {false, true}) {
        SCOPED_TRACE(on_unix_sockets ? "Unix" : "UDP");
        const place at{on_unix_sockets};
        const std::size_t attempts = survive_each_allocation([&](std::size_t number) {
            const outcome out = run_with_full_kernel([&](int& full) { return conversation_without(number, at, full); });
            EXPECT_TRUE(out.complete || out.told);
            return out.allocations;
        });
        EXPECT_GT(attempts, 20u);
    }
}

/// Allocates nothing when it is called.
struct counting : weft::datagram_protocol {
    void datagram_received(std::span<const std::byte>, const weft::address&) override { ++received; }
    void error_received(std::exception_ptr e) override { told.note(e); }
    int received = 0;
    refusals told;
};

TEST(a_datagram_endpoint, without_memory_for_the_senders_name_tells_its_protocol) {
    survive_each_allocation([](std::size_t number) {
        return weft::run([](std::size_t failing) -> weft::task<std::size_t> {
            reports heard;
            const auto make = [] { return std::make_unique<counting>(); };
            weft::unix_datagram_endpoint_options options;
            options.local = long_abstract_name("server");
            auto [t, p] = co_await weft::create_unix_datagram_endpoint(make, options);
            weft::datagram_options named;
            named.local = weft::address{long_abstract_name("client"), 0};
            auto peer = co_await weft::datagram_socket::connect_unix(*options.local, named);
            co_await peer.send("x");
            std::size_t made = 0;
            {
                const one_without_memory here(failing);
                while (p->received + p->told.count == 0 && heard.messages.empty() && !t.is_closing())
                    co_await weft::yield_now();
                made = here.allocations_made();
            }
            EXPECT_THAT(heard.messages, testing::IsEmpty());
            if (!t.is_closing()) {
                const int before = p->received;
                co_await peer.send("x");
                while (p->received == before) co_await weft::yield_now();
            }
            t.close();
            co_await t.wait_closed();
            co_return made;
        }(number));
    });
}

TEST(a_datagram_endpoint_on_a_socket, without_memory_is_made_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        datagram_pair pair = make_datagram_pair();
        auto made = co_await weft::create_datagram_endpoint([] { return std::make_unique<weft::datagram_protocol>(); },
                                                            std::move(pair.one));
        made.transport.send("a text");
        made.transport.close();
        co_await made.transport.wait_closed();
        char room[10];
        if (::recv(pair.other.get(), room, sizeof room, MSG_DONTWAIT) != 6)
            throw std::system_error(ECONNRESET, std::generic_category(), "the endpoint was lost");
    });
    EXPECT_GT(allocations_made, 4u);
}

#endif

}  // namespace
