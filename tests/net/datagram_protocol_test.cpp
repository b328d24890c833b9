// SPDX-License-Identifier: Apache-2.0
#include "io/faulty_backend.hpp"
#include "net/datagram_recorder.hpp"

#include <weft/net/create_datagram_endpoint.hpp>
#include <weft/net/resolve.hpp>

using namespace weft_test;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

auto endpoint(diary& log, weft::datagram_endpoint_options options = {.local = weft::address{"127.0.0.1", 0}}) {
    return weft::create_datagram_endpoint([&log] { return std::make_unique<datagram_recorder>(log); },
                                          std::move(options));
}

TEST(datagrams, come_whole_with_their_sender_and_can_be_answered) {
    run([]() -> weft::task<> {
        diary left_log, right_log;
        auto [left, left_protocol] = co_await endpoint(left_log);
        auto [right, right_protocol] = co_await endpoint(right_log, {.remote = left.local()});
        EXPECT_EQ(left_log.next() + right_log.next(), "mademade");
        EXPECT_EQ(right.peer(), left.local());
        EXPECT_EQ(left.peer(), weft::address());
        right.send("one");
        right.send("");
        right.send_to("two", left.local());
        co_await settle();
        EXPECT_EQ(left_log.next(), "<one> <> <two>");
        EXPECT_EQ(left_protocol->from, right.local());
        left.send_to(std::string(60'000, 'x'), right.local());
        left.send_to("answer", left_protocol->from);
        co_await settle();
        EXPECT_EQ(right_log.next(), "<" + std::string(60'000, 'x') + "> <answer>");
        EXPECT_EQ(right_protocol->from, left.local());
        left.close();
        right.abort();
        EXPECT_GE(right.descriptor(), 0);
        co_await weft::gather(left.wait_closed(), right.wait_closed());
        EXPECT_EQ(right.descriptor(), -1);
        EXPECT_EQ(weft::datagram_transport().descriptor(), -1);
        EXPECT_EQ(left_log.next() + right_log.next(), "lostlost");
        EXPECT_EQ(left.local(), weft::address());
        EXPECT_EQ(left.get_protocol(), nullptr);
        EXPECT_EQ(left_protocol.use_count(), 1);
    });
}

TEST(datagrams, may_go_to_localhost) {
    run([]() -> weft::task<> {
        diary left_log, right_log;
        auto [left, left_protocol] = co_await endpoint(left_log);
        auto [right, right_protocol] = co_await endpoint(right_log);
        right.send_to("home", {"localhost", left.local().port});
        co_await settle();
        EXPECT_EQ(left_log.next(), "made <home>");
        left.close();
        right.close();
    });
}

TEST(datagrams, by_ipv6_have_an_ipv6_sender) {
    run([]() -> weft::task<> {
        diary log, other;
        try {
            auto [a, p] = co_await endpoint(log, {.local = weft::address{"::1", 0}});
            auto [b, q] = co_await endpoint(other, {.remote = a.local()});
            b.send("six");
            co_await settle();
            EXPECT_EQ(log.next(), "made <six>");
            EXPECT_EQ(p->from, b.local());
            a.close();
            b.close();
        } catch (const std::system_error& e) {
            std::printf("skipped: %s\n", e.what());  // a machine without IPv6
        }
    });
}

TEST(a_datagram_endpoint, is_told_what_cannot_be_sent_and_goes_on) {
    run([]() -> weft::task<> {
        diary log, gone;
        auto [nobody, p] = co_await endpoint(gone);
        const auto there = nobody.local();
        nobody.close();
        co_await nobody.wait_closed();
        auto [transport, protocol] = co_await endpoint(log, {.remote = there});
        transport.send("is anybody there");
        co_await settle();
        EXPECT_EQ(log.next(), "made error:" + std::to_string(ECONNREFUSED));
        transport.send(std::string(70'000, 'x'));
        EXPECT_EQ(log.next(), "error:" + std::to_string(EMSGSIZE));  // at once, as in asyncio
        EXPECT_FALSE(transport.is_closing());
        transport.close();
        co_await transport.wait_closed();
        EXPECT_EQ(log.next(), "lost");
    });
}

TEST(a_datagram_endpoint, still_receives_after_it_has_sent_to_where_nobody_listens) {
    run([]() -> weft::task<> {
        diary log, other, gone;
        auto [one, p] = co_await endpoint(log);
        auto [two, q] = co_await endpoint(other);
        auto [nobody, r] = co_await endpoint(gone);
        const auto there = nobody.local();
        nobody.abort();
        co_await nobody.wait_closed();
        one.send_to("lost", there);
        two.send_to("received", one.local());
        co_await settle();
        EXPECT_EQ(log.next(), "made <received>");
        one.close();
        two.close();
    });
}

TEST(a_datagram_endpoint, may_change_its_protocol) {
    run([]() -> weft::task<> {
        diary log, next_log, other;
        auto [transport, first] = co_await endpoint(log);
        auto [peer, q] = co_await endpoint(other, {.remote = transport.local()});
        const auto next = std::make_shared<datagram_recorder>(next_log);
        EXPECT_THROW(transport.set_protocol(nullptr), std::invalid_argument);
        log.during = [&, t = transport](const std::string&) { t.set_protocol(next); };
        first.reset();
        peer.send("one");
        peer.send("two");
        co_await settle();
        EXPECT_EQ(log.next(), "made <one>");
        EXPECT_EQ(next_log.next(), "<two>");
        EXPECT_EQ(transport.get_protocol(), next);
        transport.close();
        peer.close();
        co_await transport.wait_closed();
        transport.set_protocol(next);  // over: nothing
        EXPECT_EQ(transport.get_protocol(), nullptr);
    });
}

TEST(a_datagram_endpoint, refuses_what_is_no_address_or_not_its_peer) {
    run([]() -> weft::task<> {
        diary log;
        auto [bound, p] = co_await endpoint(log);
        EXPECT_THROW(bound.send("x"), std::invalid_argument);
        EXPECT_THROW(bound.send_to("x", {"no address", 1}), std::invalid_argument);
        auto [connected, q] = co_await endpoint(log, {.remote = bound.local()});
        EXPECT_THROW(connected.send_to("x", {"127.0.0.1", 1}), std::invalid_argument);
        bound.abort();
        connected.abort();
        EXPECT_THROW(co_await endpoint(log, {}), std::invalid_argument);
        EXPECT_THROW(co_await endpoint(log, {.local = weft::address{"no address", 0}}), weft::resolve_error);
        EXPECT_THROW(co_await endpoint(log, {.local = weft::address{"::1", 0}, .remote = bound.local()}),
                     std::invalid_argument);
        EXPECT_THROW(co_await endpoint(log, {.local = weft::address{"192.0.2.1", 0}}), std::system_error);
        EXPECT_THROW(co_await weft::create_datagram_endpoint([] { return std::shared_ptr<datagram_recorder>(); },
                                                             {.local = weft::address{"127.0.0.1", 0}}),
                     std::invalid_argument);
        const weft::datagram_transport none;
        EXPECT_THROW(none.send("x"), weft::invalid_state_error);
        EXPECT_TRUE(none.is_closing());
    });
}

TEST(a_datagram_endpoint, shares_its_port_if_asked) {
    run([]() -> weft::task<> {
        diary log;
        auto [one, p] = co_await endpoint(log, {.local = weft::address{"127.0.0.1", 0}, .reuse_port = true});
        auto [two, q] = co_await endpoint(log, {.local = one.local(), .reuse_port = true});
        EXPECT_EQ(one.local(), two.local());
        EXPECT_THROW(co_await endpoint(log, {.local = one.local()}), std::system_error);
        one.abort();
        two.abort();
    });
}

TEST(a_datagram_endpoint, whose_callbacks_throw_reports_it_and_goes_on) {
    run([]() -> weft::task<> {
        reports heard;
        diary log, other;
        log.during = [](const std::string& word) {
            if (word != "<still>") throw std::runtime_error(word);
        };
        auto [transport, p] = co_await endpoint(log);
        auto [peer, q] = co_await endpoint(other, {.remote = transport.local()});
        peer.send("thrown");
        peer.send("still");
        co_await settle();
        transport.send_to(std::string(70'000, 'x'), peer.local());
        EXPECT_EQ(log.next(), "made <thrown> <still> error:" + std::to_string(EMSGSIZE));
        transport.close();
        co_await transport.wait_closed();
        EXPECT_THAT(heard.messages, ElementsAre("Exception in callback protocol.connection_made()",
                                                "Exception in callback protocol.datagram_received()",
                                                "Exception in callback protocol.error_received()",
                                                "Exception in callback protocol.connection_lost()"));
        peer.abort();
    });
}

TEST(a_datagram_endpoint, closed_drops_what_is_sent_then_and_at_the_fifth_time_says_so) {
    run([]() -> weft::task<> {
        reports heard;
        diary log;
        auto [transport, p] = co_await endpoint(log);
        const auto self = transport.local();
        transport.close();
        transport.close();
        for (int i = 0; i < 4; ++i) transport.send_to("x", self);
        EXPECT_THAT(heard.messages, IsEmpty());
        co_await transport.wait_closed();
        for (int i = 0; i < 10; ++i) transport.send_to("x", self);
        EXPECT_EQ(heard.messages.size(), 1u);
        transport.abort();
        co_await settle();
        EXPECT_EQ(log.next(), "made lost");
    });
}

TEST(a_datagram_endpoint, of_a_loop_that_is_closed_is_closed_without_a_call) {
    diary log;
    weft::datagram_transport outlives;
    {
        weft::event_loop loop;
        loop.run_until_complete([](diary& d, weft::datagram_transport& t) -> weft::task<> {
            auto [transport, protocol] = co_await endpoint(d);
            t = transport;
        }(log, outlives));
    }
    EXPECT_EQ(log.next(), "made");
    EXPECT_TRUE(outlives.is_closing());
    outlives.send_to("x", {"127.0.0.1", 1});
    outlives.abort();
    outlives.close();
}

TEST(a_datagram_endpoint, cancelled_or_destroyed_while_it_is_made_is_closed) {
    run([]() -> weft::task<> {
        diary log;
        auto opening = weft::create_task(endpoint(log));
        co_await turn();
        EXPECT_EQ(log.next(), "");
        opening.cancel();
        EXPECT_THROW(co_await opening, weft::cancelled_error);
        co_await settle();
        EXPECT_EQ(log.next(), "made lost");
    });
}

// A kernel that takes nothing for a while

/// Runs `main(fails)`, where sends fail with the errno that `fails` is set to.
template <class F>
void run_with_failing_sends(F main) {
    auto faulty = std::make_unique<faulty_backend>(weft::make_backend());
    int fails = 0;
    faulty->decide = [&fails](weft::opcode code, weft::native_handle) {
        return code == weft::opcode::send_message ? fate{.error = fails} : fate();
    };
    weft::runner(std::make_unique<weft::event_loop>(std::move(faulty)), {.handle_sigint = false})
        .run_and_close(main(fails));
}

TEST(datagrams, that_the_kernel_does_not_take_are_kept_in_order_and_pause_the_protocol) {
    run_with_failing_sends([](int& fails) -> weft::task<> {
        diary log, other;
        auto [to, p] = co_await endpoint(other);
        auto [from, q] = co_await endpoint(log, {.remote = to.local()});
        other.next();
        log.next();
        from.set_write_buffer_limits(20, 10);
        fails = EAGAIN;
        from.send("123456789012");
        EXPECT_EQ(from.get_write_buffer_size(), 20u);  // each counts for 8 more
        EXPECT_EQ(log.next(), "");
        from.send("");
        EXPECT_EQ(log.next(), "pause");
        from.send("z");
        co_await turn();
        EXPECT_EQ(from.get_write_buffer_size(), 37u);
        fails = 0;
        while (other.text.size() < 21) co_await turn();
        EXPECT_EQ(other.next(), "<123456789012> <> <z>");
        EXPECT_EQ(log.next(), "resume");
        EXPECT_EQ(from.get_write_buffer_size(), 0u);
        from.abort();
        to.abort();
    });
}

TEST(datagrams, that_are_sent_after_close_go_behind_those_that_are_kept) {
    run_with_failing_sends([](int& fails) -> weft::task<> {
        diary log, other;
        auto [to, p] = co_await endpoint(other);
        auto [from, q] = co_await endpoint(log, {.remote = to.local()});
        from.set_write_buffer_limits(10, 10);
        log.during = [t = from](const std::string& word) {
            if (word == "resume") t.send("last");  // when nothing is left: as in asyncio it goes
        };
        fails = EAGAIN;
        from.send("one");
        from.close();
        from.send("two");
        EXPECT_EQ(from.get_write_buffer_size(), 22u);
        fails = 0;
        co_await from.wait_closed();
        from.send("too late");
        for (int turns = 0; turns < 100'000 && other.text.size() < 22; ++turns) co_await turn();
        EXPECT_EQ(other.next(), "made <one> <two> <last>");
        EXPECT_EQ(log.next(), "made pause resume lost");
        to.abort();
        co_await to.wait_closed();
        EXPECT_EQ(other.next(), "lost");
    });
}

TEST(datagrams, that_are_kept_are_sent_by_close_dropped_by_abort_and_lost_with_an_error) {
    run_with_failing_sends([](int& fails) -> weft::task<> {
        for (const int how : {0, 1, 2}) {
            diary log, other;
            auto [to, p] = co_await endpoint(other);
            auto [from, q] = co_await endpoint(log, {.remote = to.local()});
            fails = EAGAIN;
            from.send("one");
            from.send("two");
            how == 1 ? from.abort() : from.close();
            EXPECT_EQ(from.get_write_buffer_size(), how == 1 ? 0u : 22u);
            co_await turn();
            fails = how == 2 ? EPERM : 0;
            co_await from.wait_closed();
            fails = 0;
            const auto error = "error:" + std::to_string(EPERM);
            EXPECT_EQ(log.next(), how == 2 ? "made " + error + " " + error + " lost" : "made lost");
            if (how == 0) {
                while (other.text.size() < 16) co_await turn();
                EXPECT_EQ(other.next(), "made <one> <two>");
            }
            to.abort();
        }
    });
}

}  // namespace
