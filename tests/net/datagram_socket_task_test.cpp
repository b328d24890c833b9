// SPDX-License-Identifier: Apache-2.0
// Receives and sends that are made tasks: for wait_for, create_task, gather; and a socket that goes before they begin.
#include "net/datagrams.hpp"

#include <gmock/gmock.h>

#include <array>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;

namespace {

TEST(datagram_task, has_a_time_limit_and_loses_nothing) {
    run([]() -> weft::task<> {
        auto s = co_await on_loopback();
        EXPECT_THROW(co_await weft::wait_for(s.receive_from(), 5s), weft::timeout_error);
        EXPECT_THROW(co_await weft::wait_for(s.receive_from(), 0s), weft::timeout_error);
        co_await weft::wait_for(s.send_to("late", s.local()), 5s);
        EXPECT_EQ((co_await weft::wait_for(s.receive_from(), 5s)).bytes, "late");
        std::array<std::byte, 3> room;
        co_await s.connect(s.local());
        co_await weft::wait_for(s.send("again"), 5s);
        const auto cut = co_await weft::wait_for(s.receive_from(room), 5s);
        EXPECT_EQ(cut.bytes, 3u);
        EXPECT_EQ(cut.sent_bytes, 5u);
    });
}

TEST(datagram_task, of_a_send_has_its_own_copy_of_the_bytes) {
    run([]() -> weft::task<> {
        auto s = co_await on_loopback();
        std::string text(100, 'x');
        const auto to = s.local();
        auto sending = weft::create_task(s.send_to(text, to));
        auto receiving = weft::create_task(s.receive_from());
        text.assign(100, '?');
        co_await weft::gather(sending, receiving);
        EXPECT_EQ((co_await receiving).bytes, std::string(100, 'x'));
    });
}

TEST(datagram_task, whose_socket_is_destroyed_before_it_begins_says_so) {
    run([]() -> weft::task<> {
        const auto before_it_begins = [](auto make) -> weft::task<std::string> {
            auto s = co_await on_loopback();
            auto waiting = weft::create_task(make(s));
            s = {};
            co_return co_await error_of(std::move(waiting), std::errc::connection_aborted);
        };
        std::array<std::byte, 3> room;
        const auto receive = [](weft::datagram_socket& s) { return to_task(s.receive_from()); };
        const auto receive_into = [&](weft::datagram_socket& s) { return to_task(s.receive_from(room)); };
        const auto send = [](weft::datagram_socket& s) { return to_task(s.send_to("text", s.local())); };
        EXPECT_THAT(co_await before_it_begins(receive),
                    HasSubstr("receive: the socket was closed while a task waited"));
        EXPECT_THAT(co_await before_it_begins(receive_into), HasSubstr("receive: the socket was closed"));
        EXPECT_THAT(co_await before_it_begins(send), HasSubstr("send: the socket was closed while a task waited"));
    });
}

TEST(datagram_task, whose_socket_is_destroyed_while_it_waits_says_so) {
    run([]() -> weft::task<> {
        auto s = co_await on_loopback();
        auto waiting = weft::create_task(s.receive_from());
        co_await settle();
        s = {};
        co_await error_of(std::move(waiting), std::errc::connection_aborted);
    });
}

TEST(datagram_task, of_a_socket_that_was_closed_before_says_that) {
    run([]() -> weft::task<> {
        auto s = co_await on_loopback();
        s.close();
        const auto closed = std::errc::bad_file_descriptor;
        EXPECT_THAT(co_await error_of(weft::wait_for(s.receive_from(), 5s), closed), HasSubstr("is closed"));
        EXPECT_THAT(co_await error_of(weft::wait_for(s.send("text"), 5s), closed), HasSubstr("is closed"));
    });
}

TEST(datagram_task, follows_a_socket_that_is_moved_and_cancelled_takes_nothing) {
    run([]() -> weft::task<> {
        auto s = co_await on_loopback();
        auto waiting = weft::create_task(s.receive_from());
        auto cancelled = weft::create_task(s.receive_from());
        weft::datagram_socket moved = std::move(s);
        cancelled.cancel();
        co_await moved.send_to("for the first", moved.local());
        EXPECT_EQ((co_await waiting).bytes, "for the first");
        EXPECT_THROW(co_await cancelled, weft::cancelled_error);
        co_await moved.send_to("for the next", moved.local());
        EXPECT_EQ((co_await moved.receive_from()).bytes, "for the next");
    });
}

TEST(datagram_task, may_be_destroyed_while_it_waits) {
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    weft::datagram_socket kept;
    auto waiting = weft::create_task_on(
        loop,
        [](weft::datagram_socket& keep) -> weft::task<> {
            keep = co_await on_loopback();
            co_await weft::wait_for(keep.receive_from(), 5s);
        }(kept),
        std::source_location());
    for (int i = 0; i < 5; ++i) loop.run_once();
    EXPECT_FALSE(waiting.done());
}

TEST(datagram_task, of_what_was_awaited_before_is_refused) {
    run([]() -> weft::task<> {
        auto s = co_await on_loopback();
        auto send = s.send_to("text", s.local());
        co_await send;
        EXPECT_THROW(static_cast<void>(to_task(std::move(send))), weft::invalid_state_error);
        auto receive = s.receive_from();
        co_await receive;
        EXPECT_THROW(static_cast<void>(to_task(std::move(receive))), weft::invalid_state_error);
    });
}

}  // namespace
