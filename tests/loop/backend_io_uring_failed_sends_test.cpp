// SPDX-License-Identifier: Apache-2.0
// Quiet sends that fail where it is hard to notice: among completions that overflow, between those that succeed.
#include "loop/backend_io_uring.hpp"

#include "loop/io_uring_and_another.hpp"

#include <poll.h>

#include <cerrno>
#include <deque>
#include <functional>
#include <string>
#include <utility>

using namespace weft_test;

namespace {

/// A quiet send with something to do when it is over.
struct send_and_then : weft::send_operation {
    explicit send_and_then(std::function<void()> f) : send_operation(completed), then(std::move(f)) { is_quiet = true; }
    static void completed(weft::operation& op, const weft::completion&) { static_cast<send_and_then&>(op).then(); }
    std::function<void()> then;
};

class io_uring_quiet_sends : public io_uring_and_another {
protected:
    void submit_quietly(sending& op) {
        op.is_quiet = true;
        op.bytes = bytes_of(three_);
        op.fd = bytes_[0];
        backend_->submit(op);
    }
    void fill_socket() const {
        const std::string much(64 * 1024, 'x');
        while (::send(bytes_[0], much.data(), much.size(), 0) > 0) {
        }
    }
    void drain_socket() const {
        std::string got(64 * 1024, '\0');
        while (::recv(bytes_[1], got.data(), got.size(), 0) > 0) {
        }
    }
    void break_socket() { ::close(std::exchange(bytes_[1], -1)); }
    /// More comes than the ring has room for. One at a time: the kernel hands over but a few at once.
    void let_completions_overflow() {
        for (int i = 0; i < 4200; ++i) {
            ASSERT_TRUE(tell(never_used, 0));
            backend_->wait(0);
        }
    }
    /// One that was freed twice is given to two.
    void expect_each_slot_to_be_one_operations() {
        turn_a_little();
        for (polling& p : polls_) {
            p.fd = messages_[0];
            p.events = POLLIN;
            backend_->submit(p);
        }
        EXPECT_NE(polls_[0].slot, polls_[1].slot);
        EXPECT_NE(polls_[1].slot, polls_[2].slot);
        for (polling& p : polls_) backend_->cancel(p);
    }

    const std::string three_ = "abc";
    sending send_;
    polling polls_[3];
};

TEST_F(io_uring_quiet_sends, that_find_no_room_are_sent_later_though_completions_overflow) {
    fill_socket();
    submit_quietly(send_);
    backend_->flush();
    let_completions_overflow();
    turn_a_little();
    EXPECT_FALSE(send_.over);
    drain_socket();
    turn_until([&] { return send_.over; });
    EXPECT_EQ(send_.results, std::deque{3});
    char got[8];
    EXPECT_EQ(::recv(bytes_[1], got, sizeof got, 0), 3);
}

TEST_F(io_uring_quiet_sends, that_fail_do_so_once_though_completions_overflow) {
    break_socket();
    submit_quietly(send_);
    backend_->flush();
    let_completions_overflow();
    turn_a_little();
    EXPECT_EQ(send_.results, std::deque{-EPIPE});
    expect_each_slot_to_be_one_operations();
}

TEST_F(io_uring_quiet_sends, are_told_of_when_completions_overflow_no_longer) {
    submit_quietly(send_);
    let_completions_overflow();
    turn_until([&] { return send_.over; });
    EXPECT_EQ(send_.results, std::deque{3});
    expect_each_slot_to_be_one_operations();
}

TEST_F(io_uring_quiet_sends, that_fail_between_others_that_succeed_do_so_once) {
    send_and_then writes([&] {
        break_socket();
        submit_quietly(send_);
    });
    send_and_then flushes([&] { backend_->flush(); });
    for (send_and_then* const op : {&writes, &flushes}) {
        op->bytes = bytes_of(three_);
        op->fd = messages_[0];
        backend_->submit(*op);
    }
    turn_a_little();  // they end no wait
    EXPECT_EQ(send_.results, std::deque{-EPIPE});
    expect_each_slot_to_be_one_operations();
}

TEST_F(io_uring_quiet_sends, that_were_made_loud_have_not_happened_while_they_wait) {
    fill_socket();
    std::deque<sending> sends(9);
    for (sending& s : sends) submit_quietly(s);
    backend_->wait(0);
    EXPECT_FALSE(backend_->has_happened());
    for (sending& s : sends) {
        EXPECT_FALSE(s.is_quiet);
        backend_->cancel(s);
    }
}

}  // namespace
