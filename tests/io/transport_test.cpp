// SPDX-License-Identifier: Apache-2.0
// What a protocol is told, in which order, over a layer that does as it is told.
#include "io/recorder.hpp"

using namespace weft_test;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

TEST(transport, tells_its_protocol_from_the_loop_and_of_the_connection_first) {
    run([]() -> weft::task<> {
        recorded r;
        r.told.receive("early");
        EXPECT_EQ(r.log.next(), "");
        co_await turn();
        EXPECT_EQ(r.log.next(), "made early");
        r.told.receive("abc");
        EXPECT_EQ(r.log.next(), "abc");
        EXPECT_EQ(r.protocol->transport, r.transport);
        EXPECT_EQ(r.transport.get_protocol(), r.protocol);
        EXPECT_EQ(r.transport.peer(), (weft::address{"told", 1}));
        EXPECT_EQ(r.transport.local(), (weft::address{"told", 2}));
        r.transport.abort();
    });
}

TEST(transport, closes_after_the_peers_end_and_the_protocol_hears_of_it_in_the_next_turn) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.told.receive("last");
        r.told.sink->on_end();
        EXPECT_EQ(r.log.next(), "made last eof");
        EXPECT_TRUE(r.transport.is_closing());
        EXPECT_FALSE(r.told.destroyed);
        co_await turn();
        EXPECT_EQ(r.log.next(), "lost");
        EXPECT_TRUE(r.told.destroyed);
        EXPECT_FALSE(r.told.reset);
        EXPECT_EQ(r.transport.get_protocol(), nullptr);
        EXPECT_EQ(r.transport.local(), weft::address());
        EXPECT_EQ(r.transport.peer(), (weft::address{"told", 1}));
    });
}

TEST(transport, whose_protocol_keeps_it_open_after_the_peers_end_can_still_write) {
    run([]() -> weft::task<> {
        recorded r(true);
        co_await turn();
        r.told.sink->on_end();
        EXPECT_EQ(r.log.next(), "made eof");
        EXPECT_FALSE(r.transport.is_closing());
        r.transport.write("answer");
        r.transport.close();
        EXPECT_EQ(r.told.sending, "answer");
        co_await turn();
        EXPECT_EQ(r.log.next(), "");
        r.told.complete_send();
        co_await turn();
        EXPECT_EQ(r.log.next(), "lost");
        EXPECT_EQ(r.told.sent, "answer");
    });
}

TEST(transport, closed_it_sends_what_was_written_and_receives_no_more) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.transport.write("unsent");
        r.transport.close();
        r.transport.close();
        EXPECT_FALSE(r.told.receiving);
        EXPECT_FALSE(r.transport.is_reading());
        r.told.receive("late");
        r.told.sink->on_end();
        r.transport.write(", more");  // asyncio takes it as long as it is sending
        r.transport.pause_reading();
        r.transport.resume_reading();
        EXPECT_FALSE(r.told.receiving);
        EXPECT_EQ(r.transport.get_write_buffer_size(), 12u);
        r.told.complete_send();
        EXPECT_FALSE(r.told.destroyed);
        r.told.complete_send();
        co_await turn();
        EXPECT_EQ(r.log.next(), "made lost");
        EXPECT_EQ(r.told.sent, "unsent, more");
        EXPECT_FALSE(r.told.reset);
    });
}

TEST(transport, closed_with_nothing_unsent_is_lost_in_the_next_turn) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.transport.close();
        EXPECT_EQ(r.log.next(), "made");
        co_await turn();
        EXPECT_EQ(r.log.next(), "lost");
        EXPECT_TRUE(r.told.destroyed);
    });
}

TEST(transport, aborted_it_drops_what_is_unsent_and_resets_the_connection) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.transport.write("sending");
        r.transport.write("pending");
        r.transport.abort();
        EXPECT_EQ(r.transport.get_write_buffer_size(), 0u);
        EXPECT_TRUE(r.told.reset);
        r.told.receive("late");
        r.told.complete_send();
        EXPECT_EQ(r.told.sending, "");
        EXPECT_EQ(r.log.next(), "made");
        co_await turn();
        EXPECT_EQ(r.log.next(), "lost");
        EXPECT_TRUE(r.told.destroyed);
        r.transport.abort();
        r.transport.close();
        co_await turn();
        EXPECT_EQ(r.log.next(), "");
    });
}

TEST(transport, aborted_while_it_closes_does_not_wait_for_what_is_unsent) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.transport.write("unsent");
        r.transport.close();
        r.transport.abort();
        co_await turn();
        EXPECT_EQ(r.log.next(), "made lost");
        EXPECT_TRUE(r.told.reset);
    });
}

TEST(transport, aborted_before_it_was_made_tells_both) {
    run([]() -> weft::task<> {
        for (const bool gently : {false, true}) {
            recorded r;
            gently ? r.transport.close() : r.transport.abort();
            co_await turn();
            co_await turn();
            EXPECT_EQ(r.log.next(), "made lost");
            EXPECT_TRUE(r.told.destroyed);
        }
    });
}

std::string made_and_lost(int error) { return "made lost:" + std::to_string(error); }

/// What a protocol is told when `end` is done to its transport.
weft::task<std::string> told_after(auto end) {
    recorded r;
    co_await turn();
    end(r);
    co_await turn();
    co_return r.log.next();
}

TEST(transport, ended_by_the_kernel_says_why_and_reports_nothing) {
    run([]() -> weft::task<> {
        reports heard;
        const auto reset = [](recorded& r) { r.told.sink->on_receive_error(ECONNRESET); };
        EXPECT_EQ(co_await told_after(reset), made_and_lost(ECONNRESET));
        const auto not_sent = [](recorded& r) {
            r.transport.write("x");
            r.told.complete_send(EPIPE);
            r.told.receive("late");
        };
        EXPECT_EQ(co_await told_after(not_sent), made_and_lost(EPIPE));
        const auto not_taken = [](recorded& r) {
            r.told.takes = -EPIPE;
            r.transport.write("x");  // does not throw
            EXPECT_TRUE(r.transport.is_closing());
            r.transport.write("y");
        };
        EXPECT_EQ(co_await told_after(not_taken), made_and_lost(EPIPE));
        const auto send_refused = [](recorded& r) {
            r.told.refuses = ENOMEM;
            r.transport.write("x");
        };
        EXPECT_EQ(co_await told_after(send_refused), made_and_lost(ENOMEM));
        const auto receive_refused = [](recorded& r) {
            r.transport.pause_reading();
            r.told.refuses = ENOBUFS;
            r.transport.resume_reading();
        };
        EXPECT_EQ(co_await told_after(receive_refused), made_and_lost(ENOBUFS));
        EXPECT_THAT(heard.messages, IsEmpty());
    });
}

TEST(transport, closing_it_may_still_fail) {
    run([]() -> weft::task<> {
        for (const bool receiving : {false, true}) {
            const auto fail = [receiving](recorded& r) {
                r.transport.write("unsent");
                r.transport.close();
                receiving ? r.told.sink->on_receive_error(ECONNRESET) : r.told.complete_send(ECONNRESET);
            };
            EXPECT_EQ(co_await told_after(fail), made_and_lost(ECONNRESET));
        }
    });
}

// Waiting for the end

weft::task<> wait_for_end(weft::transport t) { co_await t.wait_closed(); }

TEST(transport, can_be_waited_for_until_it_is_lost_by_several) {
    run([]() -> weft::task<> {
        recorded r;
        auto one = weft::create_task(wait_for_end(r.transport));
        auto two = weft::create_task(wait_for_end(r.transport));
        co_await settle();
        EXPECT_FALSE(one.done());
        r.transport.close();
        co_await one;
        co_await two;
        EXPECT_EQ(r.log.next(), "made lost");
        co_await r.transport.wait_closed();
    });
}

TEST(transport, waited_for_by_a_task_that_is_cancelled_goes_on) {
    run([]() -> weft::task<> {
        recorded r;
        auto one = weft::create_task(wait_for_end(r.transport));
        auto two = weft::create_task(wait_for_end(r.transport));
        co_await settle();
        one.cancel();
        EXPECT_THROW(co_await one, weft::cancelled_error);
        EXPECT_FALSE(r.transport.is_closing());
        r.transport.close();
        two.cancel();  // lost already, but not told
        EXPECT_THROW(co_await two, weft::cancelled_error);
    });
}

TEST(transport, waited_for_in_a_select_that_something_else_ends_goes_on) {
    run([]() -> weft::task<> {
        recorded r;
        const auto won = co_await weft::select(r.transport.wait_closed(), weft::sleep(std::chrono::seconds(1)));
        EXPECT_EQ(won.index(), 1u);
        r.transport.close();
        co_await r.transport.wait_closed();
        EXPECT_EQ(r.log.next(), "made lost");
    });
}

// Handles

TEST(transport, empty_it_refuses_everything_that_needs_one) {
    const weft::transport none;
    EXPECT_FALSE(none);
    EXPECT_TRUE(none.is_closing());
    EXPECT_FALSE(none.is_reading());
    EXPECT_EQ(none.get_write_buffer_size(), 0u);
    EXPECT_THROW(none.write("x"), weft::invalid_state_error);
    EXPECT_THROW(none.close(), weft::invalid_state_error);
    EXPECT_THROW(static_cast<void>(none.wait_closed()), weft::invalid_state_error);
    EXPECT_THROW(static_cast<void>(none.peer()), weft::invalid_state_error);
}

TEST(transport, of_a_loop_that_is_closed_is_lost_and_its_protocol_destroyed_without_a_call) {
    diary log;
    told_layer::state told;
    weft::transport outlives, scheduled;
    std::weak_ptr<weft::base_protocol> alive;
    {
        weft::event_loop loop;
        loop.run_until_complete([](diary& d, told_layer::state& s, weft::transport& t) -> weft::task<> {
            t = told_transport(s, std::make_shared<recorder>(d));
            co_await turn();
            t.write("unsent");
        }(log, told, outlives));
        alive = outlives.get_protocol();
        EXPECT_EQ(log.next(), "made");
        loop.close();
        EXPECT_TRUE(told.destroyed);
        EXPECT_TRUE(alive.expired());
        outlives.write("x");
    }
    for (int i = 0; i < 10; ++i) outlives.write("x");
    outlives.resume_reading();
    outlives.abort();
    outlives.close();
    EXPECT_TRUE(outlives.is_closing());
    EXPECT_EQ(outlives.get_protocol(), nullptr);
    EXPECT_EQ(log.next(), "");
}

TEST(transport, waited_for_by_a_task_that_is_destroyed_forgets_it) {
    told_layer::state told;
    diary log;
    weft::transport t;
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    loop.run_until_complete([](diary& d, told_layer::state& s, weft::transport& out) -> weft::task<> {
        out = told_transport(s, std::make_shared<recorder>(d));
        static_cast<void>(weft::create_task(wait_for_end(out)));
        co_await turn();
        co_await turn();
    }(log, told, t));
    loop.close();  // destroys the task, then closes the transport
    EXPECT_TRUE(told.destroyed);
}

TEST(transport, with_a_call_scheduled_in_a_loop_that_is_closed_is_freed) {
    for (const bool aborted : {false, true}) {
        diary log;
        told_layer::state told;
        std::weak_ptr<weft::base_protocol> alive;
        {
            weft::event_loop loop;
            loop.run_until_complete(
                [](diary& d, told_layer::state& s, std::weak_ptr<weft::base_protocol>& a, bool abort) -> weft::task<> {
                    const auto p = std::make_shared<recorder>(d);
                    a = p;
                    const auto t = told_transport(s, p);
                    if (!abort) co_return;
                    co_await turn();
                    t.abort();
                }(log, told, alive, aborted));
        }
        EXPECT_TRUE(told.destroyed);
        EXPECT_TRUE(alive.expired());
    }
}

}  // namespace
