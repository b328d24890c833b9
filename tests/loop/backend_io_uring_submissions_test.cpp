// SPDX-License-Identifier: Apache-2.0
// Submissions that the kernel does not take when it is asked to.
#include "loop/backend_io_uring.hpp"

#include "loop/io_uring_and_another.hpp"

#include <poll.h>

#include <cerrno>
#include <deque>
#include <string>
#include <system_error>
#include <vector>

using namespace weft_test;

namespace {

/// A file that cannot be opened.
struct opening : weft::file_operation {
    opening() : file_operation(weft::opcode::open, completed) { path = too_long.c_str(); }
    static void completed(weft::operation& op, const weft::completion& c) {
        static_cast<opening&>(op).results.push_back(c.result);
    }
    const std::string too_long = std::string(5000, 'x');
    std::deque<int> results;
};

class io_uring_submissions : public io_uring_and_another {
protected:
    /// Whoever gets the number of a closed descriptor next: here the one that sends and receives messages.
    void reuse_number_of_closed() {
        backend_->close(bytes_[0]);
        ASSERT_EQ(::dup3(messages_[0], bytes_[0], O_CLOEXEC), bytes_[0]);
    }
    template <class Operation>
    void submit_to(int fd, Operation& op) {
        op.fd = fd;
        backend_->submit(op);
    }
    /// @return what is there to be received
    static std::string received(int fd) {
        char text[16];
        const auto count = ::recv(fd, text, sizeof text, MSG_DONTWAIT);
        return count < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(count));
    }
    /// Takes all there is room for.
    void fill_queue() {
        try {
            for (;;) {
                polls_.emplace_back().events = POLLIN;
                submit_to(messages_[1], polls_.back());
            }
        } catch (const std::system_error& e) {
            ASSERT_EQ(e.code().value(), EBUSY) << e.what();
        }
    }

    // Here, for they outlive the backend.
    const std::string three_ = "abc";
    sending send_;
    receiving receive_;
    kept<weft::receive_message_operation> message_;
    accepting accept_;
    std::deque<polling> polls_;
};

TEST_F(io_uring_submissions, behind_one_that_is_bad_are_not_left_behind_when_they_are_cancelled) {
    opening bad;
    backend_->submit(bad);
    send_.bytes = bytes_of(three_);
    submit_to(bytes_[0], send_);
    backend_->cancel(send_);
    reuse_number_of_closed();
    turn_until([&] { return !bad.results.empty(); });
    turn_a_little();
    EXPECT_EQ(bad.results, std::deque{-ENAMETOOLONG});
    EXPECT_EQ(received(bytes_[1]), "abc");
    EXPECT_EQ(received(messages_[1]), "nothing");
}

TEST_F(io_uring_submissions, that_are_not_taken_and_cancelled_never_are) {
    send_.bytes = bytes_of(three_);
    accept_.once = true;
    {
        const nothing_submitted still(*this);
        submit_to(bytes_[0], send_);
        submit_to(bytes_[0], receive_);
        submit_to(bytes_[0], accept_);
        backend_->cancel(send_);
        backend_->cancel(receive_);
        backend_->cancel(accept_);
        reuse_number_of_closed();
    }
    ASSERT_EQ(::send(messages_[1], "hello", 5, 0), 5);
    turn_a_little();
    EXPECT_EQ(received(messages_[1]), "nothing");
    EXPECT_EQ(received(messages_[0]), "hello");
    EXPECT_EQ(received(bytes_[1]), "");  // the end, without the bytes
    EXPECT_GE(::fcntl(0, F_GETFD), 0);  // what becomes of an entry is not taken for a connection, and closed
}

TEST_F(io_uring_submissions, that_find_no_room_end_what_goes_on_with_an_error) {
    const weft::unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::listen(listener.get(), 5), 0);
    std::string room(8, '\0'), much(64 * 1024, 'x');
    while (::send(bytes_[0], much.data(), much.size(), 0) > 0) {
    }
    send_.bytes = bytes_of(three_);
    message_.use(std::as_writable_bytes(std::span(room)));
    submit_to(bytes_[0], send_);
    submit_to(bytes_[0], receive_);
    submit_to(messages_[0], message_);
    submit_to(listener.get(), accept_);
    turn_a_little();
    for (const weft::operation* const op : std::vector<weft::operation*>{&send_, &receive_, &message_, &accept_}) {
        ASSERT_TRUE(tell(op->slot, op == &accept_ ? -ECONNABORTED : -EINTR));
    }
    backend_->wait(0);
    {
        const nothing_submitted still(*this);
        fill_queue();
        EXPECT_NO_THROW(backend_->dispatch());
    }
    for (const auto* const results : {&send_.results, &receive_.results, &message_.results, &accept_.results}) {
        EXPECT_EQ(*results, std::deque{-EBUSY});
    }
    for (polling& p : polls_) backend_->cancel(p);
    std::size_t left = 0;
    backend_->for_each_submitted([&](const weft::operation&) { ++left; });
    EXPECT_EQ(left, 0u);
}

/// The kernel ends what wake() needs when it has more to tell than the ring has room for.
TEST_F(io_uring_submissions, that_find_no_room_do_not_keep_the_loop_asleep_for_good) {
    for (int i = 0; i < 4'100; ++i) ASSERT_TRUE(tell(never_used, 0));
    for (int i = 0; i < 500; ++i) backend_->wait(0);  // each brings some of them
    backend_->wake();
    for (int i = 0; i < 5; ++i) backend_->wait(0);
    backend_->dispatch();
    backend_->wait(0);  // what there was no room for: a few of those, and of what wake() needs that it is over
    {
        const nothing_submitted still(*this);
        fill_queue();
        EXPECT_NO_THROW(backend_->dispatch());
    }
    for (polling& p : polls_) backend_->cancel(p);
    for (int i = 0; i < 200; ++i) turn_a_little();
    ASSERT_FALSE(backend_->has_happened());
    backend_->wake();
    backend_->wait(backend_->now() + 10'000'000'000);
    EXPECT_TRUE(backend_->has_happened());
}

}  // namespace
