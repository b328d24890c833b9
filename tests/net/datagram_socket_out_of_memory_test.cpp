// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of an exchange of datagrams: whoever asked is told, and can ask again; nothing is lost.
#include "counted_allocations.hpp"
#include "io/faulty_backend.hpp"
#include "io/operations.hpp"
#include "net/datagrams.hpp"

#include <weft/flow/wait_for.hpp>

#include <algorithm>
#include <cerrno>
#include <new>
#include <optional>
#include <string>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

/// How often somebody was told that there is no memory.
struct refusals {
    int count = 0;
    void note(const std::exception& error) {
        ++count;
        if (dynamic_cast<const std::bad_alloc*>(&error)) return;
        const auto* const told = dynamic_cast<const std::system_error*>(&error);
        EXPECT_TRUE(told && told->code() == std::errc::not_enough_memory) << error.what();
    }
};

/// Where the sockets are: by UDP, and by paths too long to be kept without an allocation.
struct place {
    bool on_unix_sockets;
    std::string name(const char* whose) const {
        return "@weft-test-out-of-memory-" + std::to_string(::getpid()) + "-" + whose;
    }
    weft::task<weft::datagram_socket> server() const {
        return on_unix_sockets ? weft::datagram_socket::bind_unix(name("server")) : on_loopback();
    }
    weft::task<weft::datagram_socket> client(const weft::datagram_socket& server) const {
        if (!on_unix_sockets) return weft::datagram_socket::connect("127.0.0.1", server.local().port);
        weft::datagram_options options;
        options.local = weft::address{name("client")};
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
            } catch (const std::exception& e) {
                told.note(e);
            }
        }
        for (bool done = false; !done;) {
            try {
                co_await s.send_to(d.bytes, d.from);
                done = true;
            } catch (const std::exception& e) {
                told.note(e);
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
        } catch (const std::exception& e) {
            told.note(e);
        }
    }
    while (!p.serving) {
        try {
            p.serving = weft::create_task(echo(p.server, told));
        } catch (const std::exception& e) {
            told.note(e);
        }
    }
    while (!p.client) {
        try {
            p.client = co_await at.client(p.server);
        } catch (const std::exception& e) {
            told.note(e);
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
            } catch (const std::exception& e) {
                told.note(e);
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
            } catch (const std::exception& e) {
                told.note(e);
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
    const std::size_t before = allocations.load();
    failing_allocation = before + number;
    bool made = false;
    while (!made) {
        try {
            co_await exchange(at, p, full, told);
            made = true;
        } catch (const std::exception& e) {
            told.note(e);
        }
    }
    const std::size_t after = allocations.load();
    failing_allocation = no_allocation;
    p.serving->cancel();
    EXPECT_THROW(co_await *p.serving, weft::cancelled_error);
    co_return outcome{told.count, after - before};
}

outcome run_without(std::size_t number, const place& at) {
    auto faulty = std::make_unique<faulty_backend>(weft::make_backend());
    int full = 0;
    faulty->decide = [&full](weft::opcode code, weft::native_handle) {
        return code == weft::opcode::send_message && full > 0 && full-- > 0 ? fate{.error = EAGAIN} : fate();
    };
    weft::runner runner(std::make_unique<weft::event_loop>(std::move(faulty)), {.handle_sigint = false});
    return runner.run_and_close(weft::wait_for(exchange_without(number, at, full), 10s));
}

TEST(an_exchange_of_datagrams, without_memory_anywhere_tells_who_asked_and_loses_nothing) {
    const auto descriptors = open_descriptors();
    for (const bool on_unix_sockets : {false, true}) {
        const place at{on_unix_sockets};
        std::size_t number = 0, last = 1;
        for (; number < last; ++number) {
            SCOPED_TRACE(testing::Message() << "allocation " << number << (on_unix_sockets ? ", Unix" : ", UDP"));
            const outcome out = run_without(number, at);
            EXPECT_TRUE(out.told >= 1 || out.allocations <= number);  // frames are recycled: there may be fewer now
            last = std::max(last, out.allocations);
            if (HasFailure()) return;
        }
        EXPECT_GT(number, 10u);
        EXPECT_EQ(open_descriptors(), descriptors);
    }
}

#endif

}  // namespace
