// SPDX-License-Identifier: Apache-2.0
// Whatever the kernel refuses to a datagram socket: who asked is told, and the socket goes on.
#include "io/temporary_folder.hpp"
#include "net/datagram_faults.hpp"
#include "net/datagrams.hpp"

using namespace weft_test;
using testing::HasSubstr;
using weft::datagram_socket;
using weft::opcode;

namespace {

/// Each kind of socket, and its peer.
struct pair_of_sockets {
    datagram_socket one, other;
};
weft::task<pair_of_sockets> make_pair(const temporary_folder& folder, bool on_unix_sockets) {
    pair_of_sockets p;
    if (on_unix_sockets) {
        p.one = co_await datagram_socket::bind_unix(folder / "one");
        p.other = co_await datagram_socket::bind_unix(folder / "other");
    } else {
        p.one = co_await on_loopback();
        p.other = co_await on_loopback();
    }
    co_return p;
}

/// The errno that awaiting `a` throws, whose message has `text`; 0: none.
template <class Awaitable>
weft::task<int> errno_of(Awaitable a, std::string text) {
    try {
        co_await std::move(a);
    } catch (const std::system_error& e) {
        EXPECT_THAT(e.what(), HasSubstr(text));
        co_return e.code().value();
    }
    co_return 0;
}
weft::task<std::string> bytes_of_next(datagram_socket& s) { co_return (co_await s.receive_from()).bytes; }
weft::task<> send_one(datagram_socket& from, std::string text, weft::address to) { co_await from.send_to(text, to); }

TEST(datagram_faults, of_a_receive_are_raised_by_it_and_the_next_one_receives) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        for (const bool on_unix_sockets : {false, true}) {
            auto [one, other] = co_await make_pair(folder, on_unix_sockets);
            const std::string place = "receive at " + one.local().to_string();
            for (const int error : datagram_errnos) {
                for (const bool at_submit : {false, true}) {
                    plan = {opcode::receive_message, {error, at_submit}, 1};
                    EXPECT_EQ(co_await errno_of(bytes_of_next(one), place), error);
                    EXPECT_EQ(plan.times, 0);
                    co_await other.send_to("still there?", one.local());
                    EXPECT_EQ(co_await bytes_of_next(one), "still there?");
                }
            }
        }
    });
}

TEST(datagram_faults, of_a_receive_that_several_wait_for_are_the_first_ones) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        auto [one, other] = co_await make_pair(folder, false);
        plan = {opcode::receive_message, {ENOBUFS, false}, 1};
        auto first = weft::create_task(bytes_of_next(one));
        auto second = weft::create_task(bytes_of_next(one));
        co_await settle();
        EXPECT_TRUE(first.done());
        EXPECT_FALSE(second.done());
        EXPECT_EQ(co_await errno_of(std::move(first), "receive at"), ENOBUFS);
        co_await other.send_to("x", one.local());
        EXPECT_EQ(co_await second, "x");
    });
}

TEST(datagram_faults, of_a_receive_that_is_cancelled_or_destroyed_are_the_next_ones) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        auto [one, other] = co_await make_pair(folder, false);
        plan = {opcode::receive_message, {ENOBUFS, true}, 1};
        auto cancelled = weft::create_task(bytes_of_next(one));
        cancelled.cancel();
        EXPECT_THROW(co_await cancelled, weft::cancelled_error);
        EXPECT_EQ(co_await errno_of(bytes_of_next(one), "receive at"), plan.times ? 0 : ENOBUFS);
    });
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        auto [one, other] = co_await make_pair(folder, false);
        plan = {opcode::receive_message, {ENOBUFS, false}, 1};
        auto waiting = weft::create_task(bytes_of_next(one));
        co_await weft::yield_now();
        one.close();
        EXPECT_EQ(co_await errno_of(std::move(waiting), "receive"), ECONNABORTED);
    });
}

TEST(datagram_faults, of_a_send_are_raised_by_it_and_the_next_one_sends) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        for (const bool on_unix_sockets : {false, true}) {
            auto [one, other] = co_await make_pair(folder, on_unix_sockets);
            const std::string place = "send 5 bytes to " + other.local().to_string();
            for (const int error : datagram_errnos) {
                plan = {opcode::send_message, {error, false}, 1};
                EXPECT_EQ(co_await errno_of(send_one(one, "fails", other.local()), place), error);
                EXPECT_EQ(plan.times, 0);
                co_await one.send_to("goes", other.local());
                EXPECT_EQ(co_await bytes_of_next(other), "goes");
            }
        }
    });
}

TEST(datagram_faults, of_waiting_for_room_are_tried_again_or_raised_by_all_who_wait) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        for (const bool on_unix_sockets : {false, true}) {
            auto [one, other] = co_await make_pair(folder, on_unix_sockets);
            for (const int error : datagram_errnos) {
                for (const bool at_submit : {false, true}) {
                    // Two wait, for the kernel takes nothing: neither when asked at first, nor in line.
                    plan = {opcode::send_message, {EAGAIN, false}, 2};
                    faulty_backend& faults = *faulty_backend::active;
                    const auto planned = faults.decide;
                    int waits_to_fail = 1;
                    faults.decide = [&](opcode code, weft::native_handle fd) {
                        if (code == opcode::writable && waits_to_fail > 0) {
                            --waits_to_fail;
                            return fate{error, at_submit};
                        }
                        return planned(code, fd);
                    };
                    auto first = weft::create_task(send_one(one, "1", other.local()));
                    auto second = weft::create_task(send_one(one, "2", other.local()));
                    co_await settle();
                    faults.decide = planned;
                    EXPECT_TRUE(first.done() && second.done());
                    EXPECT_EQ(waits_to_fail, 0);
                    EXPECT_EQ(co_await errno_of(std::move(first), "send 1 bytes to "), at_submit ? error : 0);
                    const int of_second = co_await errno_of(std::move(second), "send 1 bytes to ");
                    if (!at_submit) {
                        EXPECT_EQ(of_second, 0);
                        EXPECT_EQ(co_await bytes_of_next(other), "1");
                    }
                    if (of_second == 0) {
                        EXPECT_EQ(co_await bytes_of_next(other), "2");
                    }
                }
            }
        }
    });
}

TEST(datagram_faults, are_no_obstacle_to_who_closes_in_the_midst_of_them) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        for (const opcode code : {opcode::receive_message, opcode::writable}) {
            auto [one, other] = co_await make_pair(folder, true);
            plan = {opcode::send_message, {EAGAIN, false}, 1000};
            auto sending = weft::create_task(send_one(one, "x", other.local()));
            co_await weft::yield_now();
            plan = {code, {ENOMEM, false}, 1};
            auto receiving = weft::create_task(bytes_of_next(one));
            co_await weft::yield_now();
            sending.cancel();
            receiving.cancel();
            EXPECT_THROW(co_await receiving, weft::cancelled_error);
            co_await settle();
            EXPECT_TRUE(sending.done());
        }
    });
}

}  // namespace
