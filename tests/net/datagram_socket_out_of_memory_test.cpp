// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of an exchange of datagrams: whoever asked is told, and can ask again; nothing is lost.
#include "net/datagrams_without_memory.hpp"

#include <optional>
#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

/// Where the sockets are: by UDP, and by paths too long to be kept without an allocation.
struct place {
    bool on_unix_sockets;
    weft::task<weft::datagram_socket> server() const {
        return on_unix_sockets ? weft::datagram_socket::bind_unix(long_abstract_name("server")) : on_loopback();
    }
    weft::task<weft::datagram_socket> client(const weft::datagram_socket& server) const {
        if (!on_unix_sockets) return weft::datagram_socket::connect("127.0.0.1", server.local().port);
        weft::datagram_options options;
        options.local = weft::address{long_abstract_name("client")};
        return weft::datagram_socket::connect_unix(server.local().host, options);
    }
};

/// Every step is made until it succeeds: the second time, for one allocation fails.
weft::task<> echo(weft::datagram_socket& s, refusals& told) {
    for (;;) {
        weft::datagram d;
        for (bool done = false; !done;) {
            try {
                d = co_await s.receive_from();
                done = true;
            } catch (const std::exception&) {
                told.note(std::current_exception());
            }
        }
        for (bool done = false; !done;) {
            try {
                co_await s.send_to(d.bytes, d.from);
                done = true;
            } catch (const std::exception&) {
                told.note(std::current_exception());
            }
        }
    }
}

/// Who takes part; outlives what fails.
struct party {
    weft::datagram_socket server, client;
    std::optional<weft::task_handle<>> serving;
};

/// @param full  so many sends find that the kernel takes nothing
weft::task<> exchange(const place& at, party& p, int& full, refusals& told) {
    while (!p.server) {
        try {
            p.server = co_await at.server();
        } catch (const std::exception&) {
            told.note(std::current_exception());
        }
    }
    while (!p.serving) {
        try {
            p.serving = weft::create_task(echo(p.server, told));
        } catch (const std::exception&) {
            told.note(std::current_exception());
        }
    }
    while (!p.client) {
        try {
            p.client = co_await at.client(p.server);
        } catch (const std::exception&) {
            told.note(std::current_exception());
        }
    }
    for (const char letter : {'a', 'b', 'c'}) {
        const bool as_task = letter == 'c';
        full = 1;
        for (bool sent = false; !sent;) {
            try {
                const std::string text(1'000, letter);
                if (as_task) {
                    co_await to_task(p.client.send(text));
                } else {
                    co_await p.client.send(text);
                }
                sent = true;
            } catch (const std::exception&) {
                told.note(std::current_exception());
            }
        }
        weft::datagram answer;
        for (bool received = false; !received;) {
            try {
                if (as_task) {
                    answer = co_await to_task(p.client.receive_from());
                } else {
                    answer = co_await p.client.receive_from();
                }
                received = true;
            } catch (const std::exception&) {
                told.note(std::current_exception());
            }
        }
        EXPECT_TRUE(answer.bytes.size() == 1'000 && answer.bytes.front() == letter);
    }
}

struct outcome {
    int told = 0;
    std::size_t allocations = 0;
};

weft::task<outcome> exchange_without(std::size_t number, const place& at, int& full) {
    refusals told;
    party p;
    outcome out;
    {
        const one_without_memory failing(number);
        for (bool made = false; !made;) {
            try {
                co_await exchange(at, p, full, told);
                made = true;
            } catch (const std::exception&) {
                told.note(std::current_exception());
            }
        }
        out.allocations = failing.allocations_made();
    }
    out.told = told.count;
    p.serving->cancel();
    EXPECT_THROW(co_await *p.serving, weft::cancelled_error);
    co_return out;
}

TEST(an_exchange_of_datagrams, without_memory_anywhere_tells_who_asked_and_loses_nothing) {
    for (const bool on_unix_sockets : {false, true}) {
        SCOPED_TRACE(on_unix_sockets ? "Unix" : "UDP");
        const place at{on_unix_sockets};
        const std::size_t attempts = survive_each_allocation([&](std::size_t number) {
            const outcome out = run_with_full_kernel([&](int& full) { return exchange_without(number, at, full); });
            EXPECT_TRUE(out.told >= 1 || out.allocations <= number);  // frames are recycled: there may be fewer now
            return out.allocations;
        });
        EXPECT_GT(attempts, 10u);
    }
}

TEST(a_datagram_socket_adopted, without_memory_receives_and_sends_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        datagram_pair pair = make_datagram_pair();
        auto one = co_await weft::datagram_socket::adopt(std::move(pair.one));
        auto other = co_await weft::datagram_socket::adopt(std::move(pair.other));
        co_await one.send("a text that is too long to be kept without an allocation");
        EXPECT_FALSE((co_await other.receive_from()).is_truncated());
    });
    EXPECT_GT(allocations_made, 4u);
}

#endif

}  // namespace
