// SPDX-License-Identifier: Apache-2.0
// Who waits for datagrams, or for room to send them: cancelled, destroyed, in order.
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"
#include "net/datagrams.hpp"

#include <sys/un.h>

using namespace std::chrono_literals;
using namespace weft_test;
using weft::datagram_socket;

namespace {

weft::task<std::string> receive(datagram_socket& s) { co_return (co_await s.receive_from()).bytes; }
weft::task<> send(datagram_socket& s, std::string text) { co_await s.send(text); }

/// Two Unix sockets of which the first sends to the second, whose queue is full.
struct full_pair {
    temporary_folder folder;
    datagram_socket from, to;
    int queued = 0;

    weft::task<> fill(bool connects) {
        to = co_await datagram_socket::bind_unix(folder / "to");
        from = co_await datagram_socket::bind_unix(folder / "from");
        if (connects) co_await from.connect(to.local());
        co_await from.send_to("first", to.local());
        EXPECT_EQ((co_await to.receive_from()).bytes, "first");  // the virtual clock knows it: both ends are here
        const weft::unique_fd filler(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::ranges::copy(folder / "to", at.sun_path);
        while (::sendto(filler.get(), "f", 1, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 1) ++queued;
    }
    weft::task<> drain() {
        for (; queued > 0; --queued) {
            const auto d = co_await to.receive_from();
            EXPECT_EQ(d.bytes, "f");
        }
    }
};

TEST(datagram_receive, those_who_wait_are_served_in_order) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        auto first = weft::create_task(receive(a)), second = weft::create_task(receive(a));
        co_await settle();
        co_await a.send_to("1", a.local());
        co_await a.send_to("2", a.local());
        co_await a.send_to("3", a.local());
        EXPECT_EQ(co_await first, "1");
        EXPECT_EQ(co_await second, "2");
        EXPECT_EQ(co_await receive(a), "3");
    });
}

TEST(datagram_receive, cancelled_while_it_waits_takes_nothing) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        auto waiting = weft::create_task(receive(a));
        co_await settle();
        waiting.cancel();
        EXPECT_THROW(co_await waiting, weft::cancelled_error);
        co_await a.send_to("x", a.local());
        co_await settle();  // the receive that is under way brings it: for the next one
        EXPECT_EQ(co_await receive(a), "x");
    });
}

TEST(datagram_receive, cancelled_with_the_datagram_in_hand_leaves_it_to_the_next_in_line) {
    for (const bool somebody_waits : {false, true}) {
        run([&]() -> weft::task<> {
            auto a = co_await on_loopback();
            auto first = weft::create_task(receive(a));
            std::optional<weft::task_handle<std::string>> second;
            if (somebody_waits) second = weft::create_task(receive(a));
            co_await settle();
            co_await a.send_to("x", a.local());
            // In the turn in which it comes the task is woken first: there it is cancelled before it resumes.
            while (first.core().waiting_at()) co_await weft::yield_now();
            first.cancel();
            EXPECT_THROW(co_await first, weft::cancelled_error);
            std::string next;  // not by ?:, of which GCC 14 makes code that destroys twice
            if (second) {
                next = co_await *second;
            } else {
                next = co_await receive(a);
            }
            EXPECT_EQ(next, "x");
        });
    }
}

TEST(datagram_receive, destroyed_while_it_waits_takes_nothing_with_it) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        const auto racing = [](datagram_socket& s) -> weft::task<std::size_t> {
            co_return (co_await weft::select(s.receive_from(), weft::sleep(1s))).index();
        };
        EXPECT_EQ(co_await racing(a), 1u);  // the receive lost, and is gone
        co_await a.send_to("x", a.local());
        EXPECT_EQ(co_await racing(a), 0u);
        EXPECT_THROW(co_await weft::wait_for(receive(a), 1s), weft::timeout_error);
    });
    const auto before = open_descriptors();
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = []() -> weft::task<> {
            const auto wait = []() -> weft::task<> {
                auto s = co_await on_loopback();
                co_await s.receive_from();
            };
            weft::spawn(wait());
            for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        };
        loop.run_until_complete(main());
        loop.close();
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(datagram_receive, a_loser_of_a_select_gives_the_datagram_back) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        auto b = co_await on_loopback();
        co_await a.send_to("a", a.local());
        co_await b.send_to("b", b.local());
        for (int i = 0; i < 2; ++i) {
            const auto got = co_await weft::select(a.receive_from(), b.receive_from());
            EXPECT_EQ(got.index() == 0 ? std::get<0>(got).bytes : std::get<1>(got).bytes, got.index() == 0 ? "a" : "b");
        }
        EXPECT_EQ((co_await weft::select(a.receive_from(), b.receive_from(), weft::sleep(1s))).index(), 2u);
    });
}

TEST(datagram_receive, an_error_is_for_the_next_if_who_waited_is_cancelled) {
    run([]() -> weft::task<> {
        auto gone = co_await on_loopback();
        auto a = co_await datagram_socket::connect("127.0.0.1", gone.local().port);
        gone.close();
        auto waiting = weft::create_task(receive(a));
        co_await settle();
        waiting.cancel();
        EXPECT_THROW(co_await waiting, weft::cancelled_error);
        co_await a.send("x");
        co_await settle();
        EXPECT_THROW(co_await receive(a), std::system_error);
    });
}

TEST(datagram_receive, of_a_socket_that_is_closed_meanwhile_says_so) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        auto first = weft::create_task(receive(a)), second = weft::create_task(receive(a));
        co_await settle();
        co_await a.close();
        for (auto* waiting : {&first, &second}) {
            try {
                co_await *waiting;
                ADD_FAILURE();
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::connection_aborted);
            }
        }
        EXPECT_THROW(co_await a.receive_from(), std::system_error);
        EXPECT_THROW(co_await a.send_to("x", {"127.0.0.1", 9}), std::system_error);
        EXPECT_THROW(a.connect({"127.0.0.1", 9}), std::system_error);
        EXPECT_THROW(a.join_multicast("239.0.0.1"), std::system_error);
        a.close();
        EXPECT_EQ(a.local(), weft::address());
        const auto moved = std::move(a);
        EXPECT_THROW(co_await a.receive_from(), weft::invalid_state_error);
    });
}

TEST(datagram_receive, of_a_socket_that_is_closed_meanwhile_leaves_its_port_free) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        auto waiting = weft::create_task(receive(a));
        co_await settle();
        const auto port = a.local().port;
        a.close();
        const auto again = co_await datagram_socket::bind("127.0.0.1", port);
        EXPECT_EQ(again.local().port, port);
        EXPECT_THROW(co_await waiting, std::system_error);
    });
}

TEST(datagram_receive, of_a_socket_that_dies_meanwhile_says_so) {
    run([]() -> weft::task<> {
        auto a = co_await on_loopback();
        auto waiting = weft::create_task(receive(a));
        co_await settle();
        a = datagram_socket();
        EXPECT_THROW(co_await waiting, std::system_error);
    });
}

TEST(datagram_receive, cancelled_knows_nothing_of_its_socket_any_more) {
    run([]() -> weft::task<> {
        auto a = std::make_unique<datagram_socket>(co_await on_loopback());
        auto waiting = weft::create_task(receive(*a));
        auto losing = weft::create_task([](datagram_socket& s, weft::future<int> f) -> weft::task<std::size_t> {
            co_return (co_await weft::select(s.receive_from(), f)).index();
        }(*a, weft::future<int>()));
        co_await settle();
        waiting.cancel();
        losing.cancel();
        a.reset();  // before they resume
        EXPECT_THROW(co_await waiting, weft::cancelled_error);
        EXPECT_THROW(co_await losing, weft::cancelled_error);
        auto b = co_await on_loopback();
        auto never_awaited = b.receive_from();
        b = datagram_socket();
    });
}

TEST(datagram_receive, of_a_socket_that_outlives_its_loop_says_so) {
    datagram_socket a;
    run([&]() -> weft::task<> { a = co_await on_loopback(); });
    EXPECT_EQ(a.local(), weft::address());
}

TEST(datagram_send, waits_while_the_receiver_does_not_keep_up) {
    for (const bool connects : {true, false}) {
        run([&]() -> weft::task<> {
            full_pair pair;
            co_await pair.fill(connects);
            const auto send_some = [](full_pair& p, int first, bool connected) -> weft::task<> {
                for (int i = first; i < first + 20; ++i) {
                    const std::string text = std::to_string(i);
                    if (connected) co_await p.from.send(text);
                    if (!connected) co_await p.from.send_to(text, p.to.local());
                }
            };
            auto sending = weft::create_task(send_some(pair, 0, connects));
            co_await settle();
            EXPECT_FALSE(sending.done());
            co_await pair.drain();
            for (int i = 0; i < 20; ++i) EXPECT_EQ(co_await receive(pair.to), std::to_string(i));
            co_await sending;
        });
    }
}

TEST(datagram_send, those_who_wait_are_served_in_order_and_nobody_overtakes) {
    run([]() -> weft::task<> {
        full_pair pair;
        co_await pair.fill(true);
        auto a = weft::create_task(send(pair.from, "a")), b = weft::create_task(send(pair.from, "b"));
        co_await settle();
        const auto first = pair.queued;
        EXPECT_GT(first, 0);
        auto c = weft::create_task(send(pair.from, "c"));
        co_await pair.drain();
        for (const char* text : {"a", "b", "c"}) EXPECT_EQ(co_await receive(pair.to), text);
        co_await weft::gather(a, b, c);
    });
}

TEST(datagram_send, cancelled_or_destroyed_while_it_waits_sends_nothing) {
    run([]() -> weft::task<> {
        full_pair pair;
        co_await pair.fill(true);
        auto a = weft::create_task(send(pair.from, "a")), b = weft::create_task(send(pair.from, "b"));
        co_await settle();
        a.cancel();
        EXPECT_THROW(co_await a, weft::cancelled_error);
        EXPECT_EQ((co_await weft::select(pair.from.send("lost"), weft::sleep(1s))).index(), 1u);
        co_await pair.drain();
        EXPECT_EQ(co_await receive(pair.to), "b");
        co_await b;
        EXPECT_THROW(co_await weft::wait_for(receive(pair.to), 1s), weft::timeout_error);
    });
}

TEST(datagram_send, of_a_socket_that_is_closed_meanwhile_says_so) {
    run([]() -> weft::task<> {
        full_pair pair;
        co_await pair.fill(false);
        const auto send_one = [](full_pair& p) -> weft::task<> { co_await p.from.send_to("x", p.to.local()); };
        auto sending = weft::create_task(send_one(pair));
        co_await settle();
        pair.from.close();
        try {
            co_await sending;
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::connection_aborted);
        }
    });
}

TEST(datagram_send, to_a_receiver_that_goes_away_while_it_waits_is_refused) {
    run([]() -> weft::task<> {
        full_pair pair;
        co_await pair.fill(true);
        auto sending = weft::create_task(send(pair.from, "x"));
        co_await settle();
        pair.to.close();
        EXPECT_THROW(co_await sending, std::system_error);
    });
}

TEST(datagram_socket, random_cancellations_lose_and_double_nothing) {
    for (int seed = 0; seed < 20; ++seed) {
        run([&]() -> weft::task<> {
            auto a = co_await on_loopback();
            auto state = static_cast<unsigned>(seed);
            const auto dice = [&](unsigned n) { return ((state = state * 1'664'525u + 1'013'904'223u) >> 8) % n; };
            std::vector<std::string> got;
            const auto reader = [&]() -> weft::task<> {
                for (;;) got.push_back((co_await a.receive_from()).bytes);
            };
            int sent = 0;
            auto r = weft::create_task(reader());
            for (int i = 0; i < 100; ++i) {
                if (dice(2)) co_await a.send_to(std::to_string(sent++), a.local());
                for (unsigned turns = dice(4); turns > 0; --turns) co_await weft::yield_now();
                if (dice(3) == 0) {
                    r.cancel();
                    EXPECT_THROW(co_await r, weft::cancelled_error);
                    r = weft::create_task(reader());
                }
            }
            co_await settle();
            r.cancel();
            EXPECT_THROW(co_await r, weft::cancelled_error);
            EXPECT_EQ(got.size(), static_cast<std::size_t>(sent));
            for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], std::to_string(i));
        });
    }
}

}  // namespace
