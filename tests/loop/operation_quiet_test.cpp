// SPDX-License-Identifier: Apache-2.0
// Sends whose end nobody waits for, on the backend that WEFT_BACKEND names.
#include "loop/operation.hpp"

#include "io/operations.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <deque>
#include <string>

using namespace weft_test;

namespace {

class quiet_sends : public operations {
protected:
    quiet_sends() {
        make_nonblocking(mine_);
        send_.is_quiet = true;
    }
    ~quiet_sends() override {
        backend_->cancel(send_);
        backend_->close(mine_.release());
    }
    sockets both_ = connect_sockets();
    weft::unique_fd &mine_ = both_.client, &peer_ = both_.server;
    sending send_;
    const std::string four_ = "text";
};

TEST_F(quiet_sends, have_sent_all_and_are_told_of_with_what_comes_next) {
    const bool ends_no_wait = backend_->name() == std::string("io_uring");
    send_.bytes = bytes_of(four_);
    submit(send_, mine_);
    const weft::nanos deadline = backend_->now() + 20'000'000;
    backend_->wait(deadline);
    EXPECT_EQ(backend_->now() >= deadline, ends_no_wait);
    EXPECT_TRUE(backend_->has_happened());
    backend_->dispatch();
    char text[8];
    EXPECT_EQ(::recv(peer_.get(), text, sizeof text, MSG_DONTWAIT), 4);
    EXPECT_TRUE(send_.over);
    EXPECT_EQ(send_.results.back(), 4);
}

TEST_F(quiet_sends, that_are_many_end_a_wait) {
    constexpr std::size_t many = 9;
    std::deque<sending> sends(many);
    std::deque<sockets> connections;
    for (sending& s : sends) {
        connections.push_back(connect_sockets());
        make_nonblocking(connections.back().client);
        s.is_quiet = true;
        s.bytes = bytes_of(four_);
        submit(s, connections.back().client);
    }
    const auto all_over = [&] { return std::all_of(sends.begin(), sends.end(), [](auto& s) { return s.over; }); };
    turn_until(all_over);
    for (const sockets& c : connections) {
        char text[8];
        EXPECT_EQ(::recv(c.server.get(), text, sizeof text, MSG_DONTWAIT), 4);
    }
    for (sockets& c : connections) backend_->close(c.client.release());
}

TEST_F(quiet_sends, that_were_submitted_end_a_wait_when_they_are_expected) {
    send_.bytes = bytes_of(four_);
    submit(send_, mine_);
    backend_->flush();
    backend_->expect(send_);
    turn_until([&] { return send_.over; });
    EXPECT_EQ(send_.results.back(), 4);
}

TEST_F(quiet_sends, that_are_cancelled_leave_nothing) {
    for (int i = 0; i < 100; ++i) {
        sending s;
        s.is_quiet = true;
        s.bytes = bytes_of(four_);
        submit(s, mine_);
        if (i % 2) backend_->flush();
        backend_->cancel(s);
        if (i % 3 == 0) turn_a_little();
        EXPECT_FALSE(s.over);
    }
    std::size_t left = 0;
    turn_a_little();
    backend_->for_each_submitted([&](const weft::operation&) { ++left; });
    EXPECT_EQ(left, 0u);
}

TEST_F(quiet_sends, end_a_wait_once_they_are_expected) {
    send_.bytes = bytes_of(four_);
    submit(send_, mine_);
    backend_->expect(send_);
    turn_until([&] { return send_.over; });  // for ten seconds, if nothing comes
    EXPECT_EQ(send_.results.back(), 4);
}

TEST_F(quiet_sends, are_not_over_when_a_part_has_gone_or_nothing_goes) {
    const std::string much(8 << 20, 'x');
    send_.bytes = bytes_of(much);
    submit(send_, mine_);
    turn_a_little();
    EXPECT_FALSE(send_.over);
    std::string drained(much.size(), '\0');
    std::size_t received = 0;
    while (received < much.size()) {
        const auto count = ::recv(peer_.get(), drained.data(), drained.size(), MSG_DONTWAIT);
        if (count > 0) received += static_cast<std::size_t>(count);
        turn_a_little();
    }
    turn_until([&] { return send_.over; });
    EXPECT_EQ(send_.results.back(), static_cast<int>(much.size()));

    while (::send(mine_.get(), much.data(), much.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
    }
    send_.over = false;
    send_.is_quiet = true;
    send_.bytes = bytes_of(four_);
    submit(send_, mine_);
    turn_a_little();
    EXPECT_FALSE(send_.over);
    while (!send_.over) {
        ::recv(peer_.get(), drained.data(), drained.size(), MSG_DONTWAIT);
        turn_a_little();
    }
    EXPECT_EQ(send_.results.back(), 4);
}

TEST_F(quiet_sends, tell_of_a_broken_connection) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peer_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    peer_.reset();
    send_.bytes = bytes_of(four_);
    submit(send_, mine_);
    turn_until([&] { return send_.over; });  // for ten seconds, if nobody tells
    EXPECT_EQ(send_.results.back(), -ECONNRESET);
}

}  // namespace
