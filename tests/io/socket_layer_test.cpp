// SPDX-License-Identifier: Apache-2.0
// The operations under every stream, on the backend that WEFT_BACKEND names: what they bring, and how they are cancelled.
#include "io/operations.hpp"

#include <poll.h>

#include <span>
#include <thread>

using namespace weft_test;

namespace {

TEST_F(operations, receive_brings_what_comes_until_the_end) {
    auto [mine, peer] = connect_sockets();
    make_nonblocking(mine);
    receiving r;
    submit(r, mine);
    for (const char* part : {"one", "two", "three"}) {
        const auto before = r.text.size();
        send_all(peer, part);
        turn_until([&] { return r.text.size() > before; });
    }
    EXPECT_EQ(r.text, "onetwothree");
    EXPECT_FALSE(r.over);
    peer.reset();
    turn_until([&] { return r.over; });
    EXPECT_EQ(r.results.back(), 0);
    EXPECT_FALSE(r.is_submitted());
    backend_->close(mine.release());
}

TEST_F(operations, receive_takes_more_than_all_its_buffers_hold) {
    auto [mine, peer] = connect_sockets();
    make_nonblocking(mine);
    receiving r;
    submit(r, mine);
    const std::string big(32 << 20, 'x');
    std::jthread sender([&, &from = peer] {
        send_all(from, big);
        ::shutdown(from.get(), SHUT_WR);
    });
    turn_until([&] { return r.over; });
    EXPECT_TRUE(r.text == big);
    backend_->close(mine.release());
}

TEST_F(operations, receive_says_a_reset) {
    auto [mine, peer] = connect_sockets();
    make_nonblocking(mine);
    receiving r;
    submit(r, mine);
    send_all(peer, "first");
    turn_until([&] { return !r.text.empty(); });
    reset(peer);
    turn_until([&] { return r.over; });
    EXPECT_EQ(r.results.back(), -ECONNRESET);
    EXPECT_EQ(r.text, "first");
    backend_->close(mine.release());
}

TEST_F(operations, a_paused_receive_leaves_the_bytes_in_the_socket_until_it_is_resumed) {
    auto [mine, peer] = connect_sockets();
    make_nonblocking(mine);
    receiving r;
    submit(r, mine);
    turn_a_little();
    backend_->pause(r);
    turn_a_little();
    send_all(peer, "later");
    turn_a_little();
    EXPECT_EQ(r.text, "");
    backend_->resume(r);
    turn_until([&] { return !r.text.empty(); });
    for (int i = 0; i < 3; ++i) {  // in whichever state the kernel finds it
        backend_->pause(r);
        backend_->resume(r);
        send_all(peer, "+");
        turn_until([&] { return r.text.size() > static_cast<std::size_t>(5 + i); });
    }
    EXPECT_EQ(r.text, "later+++");
    backend_->pause(r);
    backend_->cancel(r);
    backend_->close(mine.release());
    turn_a_little();
    EXPECT_FALSE(r.over);
}

TEST_F(operations, send_sends_all_of_what_is_larger_than_the_socket_buffers) {
    auto [mine, peer] = connect_sockets();
    make_nonblocking(mine);
    const std::string big(32 << 20, 'x');
    sending s;
    s.bytes = std::as_bytes(std::span(big));
    submit(s, mine);
    std::string got;
    std::jthread reader([&, &from = peer] {
        std::string part(1 << 20, '.');
        for (ssize_t n = 0; got.size() < big.size() && (n = ::recv(from.get(), part.data(), part.size(), 0)) > 0;)
            got.append(part, 0, static_cast<std::size_t>(n));
    });
    turn_until([&] { return s.over; });
    reader.join();
    EXPECT_TRUE(got == big);
    EXPECT_EQ(s.results, std::deque<int>{32 << 20});
    backend_->close(mine.release());
}

TEST_F(operations, send_to_a_peer_that_is_gone_fails) {
    auto [mine, peer] = connect_sockets();
    make_nonblocking(mine);
    reset(peer);
    sending s;
    s.bytes = std::as_bytes(std::span(std::string_view("x")));
    submit(s, mine);
    turn_until([&] { return s.over; });
    EXPECT_TRUE(s.results[0] == -EPIPE || s.results[0] == -ECONNRESET) << s.results[0];
    backend_->close(mine.release());
}

TEST_F(operations, a_send_cancelled_in_flight_reads_its_bytes_no_more) {
    auto [mine, peer] = connect_sockets();
    make_nonblocking(mine);
    auto s = std::make_unique<sending>();
    auto big = std::make_unique<std::string>(32 << 20, 'x');
    s->bytes = std::as_bytes(std::span(*big));
    submit(*s, mine);
    turn_a_little();
    backend_->cancel(*s);
    EXPECT_FALSE(s->is_submitted());
    s.reset();  // both may die at once: the address sanitizer and the byte values say so
    std::ranges::fill(*big, 'y');
    big.reset();
    backend_->close(mine.release());
    turn_a_little();  // the kernel closes the connection when it has seen the last of its operations
    std::string part(1 << 20, '.');
    for (ssize_t n = 0; (n = ::recv(peer.get(), part.data(), part.size(), 0)) > 0;)
        EXPECT_EQ(part.substr(0, static_cast<std::size_t>(n)).find('y'), std::string::npos);
}

TEST_F(operations, poll_reports_once_and_again_when_it_is_submitted_again) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    const weft::unique_fd read_end(ends[0]), write_end(ends[1]);
    polling readable, writable;
    readable.events = POLLIN;
    writable.events = POLLOUT;
    submit(readable, read_end);
    submit(writable, write_end);
    turn_until([&] { return writable.over; });
    turn_a_little();
    EXPECT_FALSE(readable.over);
    EXPECT_EQ(writable.results.size(), 1u);
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    for (std::size_t i = 1; i <= 2; ++i) {  // nobody reads the byte: it is reported as often as it is asked for
        turn_until([&] { return readable.results.size() == i; });
        EXPECT_NE(readable.results.back() & POLLIN, 0);
        submit(readable, read_end);
    }
    backend_->cancel(readable);
}

TEST_F(operations, cancelled_before_the_kernel_saw_them_bring_nothing) {
    auto [mine, peer] = connect_sockets();
    make_nonblocking(mine);
    send_all(peer, "hello");
    receiving r;
    sending s;
    polling p;
    s.bytes = std::as_bytes(std::span(std::string_view("unsent")));
    submit(r, mine);
    backend_->cancel(r);
    submit(s, mine);
    backend_->cancel(s);
    backend_->cancel(s);  // again: nothing
    turn_a_little();
    EXPECT_TRUE(r.results.empty());
    EXPECT_TRUE(s.results.empty());
    backend_->close(mine.release());
}

TEST_F(operations, a_closed_descriptors_late_bytes_do_not_reach_the_next_owner_of_its_number) {
    for (const bool submitted : {false, true}) {
        auto first = connect_sockets();
        make_nonblocking(first.client);
        const int number = first.client.get();
        receiving old;
        submit(old, first.client);
        if (submitted) turn_a_little();
        send_all(first.server, "for the old one");
        if (submitted) backend_->wait(0);  // it has happened, and was not dispatched
        backend_->cancel(old);
        backend_->close(first.client.release());

        auto second = connect_sockets();
        if (second.client.get() != number) {
            ASSERT_EQ(::dup3(second.client.get(), number, O_CLOEXEC), number);
            if (second.server.get() == number) GTEST_SKIP() << "the number went to the other end";
            second.client.reset(number);
        }
        make_nonblocking(second.client);
        receiving fresh;
        submit(fresh, second.client);
        turn_a_little();
        EXPECT_EQ(fresh.text, "");
        send_all(second.server, "for the new one");
        turn_until([&] { return !fresh.text.empty(); });
        EXPECT_EQ(fresh.text, "for the new one");
        EXPECT_TRUE(old.results.empty());
        backend_->cancel(fresh);
        backend_->close(second.client.release());
    }
}

TEST_F(operations, names_of_operations_that_are_over_are_used_again) {
    auto [mine, peer] = connect_sockets();
    make_nonblocking(mine);
    std::uint32_t highest = 0;
    for (int i = 0; i < 10'000; ++i) {
        receiving r;
        submit(r, mine);
        highest = std::max(highest, r.slot);
        backend_->cancel(r);
        turn_a_little();
    }
    EXPECT_LT(highest, 8u);
    backend_->close(mine.release());
}

TEST_F(operations, wake_from_another_thread_ends_the_wait) {
    for (int i = 0; i < 100; ++i) {
        std::jthread other([&] { backend_->wake(); });
        const weft::nanos before = backend_->now();
        turn_until([&, once = false]() mutable { return std::exchange(once, true); });
        EXPECT_LT(backend_->now() - before, 5'000'000'000);
    }
    backend_->wake();  // before the wait: not lost
    turn_until([&, once = false]() mutable { return std::exchange(once, true); });
}

}  // namespace
