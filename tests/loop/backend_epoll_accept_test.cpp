// SPDX-License-Identifier: Apache-2.0
// What accept4(2) may say to the epoll backend.
#include "loop/backend_epoll.hpp"

#include "failing_calls.hpp"
#include "io/operations.hpp"

#include <functional>

using namespace weft_test;

namespace {

class epoll_that_accepts : public operations {
protected:
    void SetUp() override {
        backend_ = weft::make_epoll_backend();
        listener_ = listen_on_loopback(port_);
        make_nonblocking(listener_);
        submit(accept_, listener_);
    }
    void TearDown() override {
        backend_->cancel(accept_);
        for (const int fd : accept_.results) {
            if (fd >= 0) ::close(fd);
        }
        backend_->close(listener_.release());
    }
    failing_calls fail(int error, int times = 1) {
        return failing_calls(system_call::accept4, {.error = error, .times = times, .fd = listener_.get()});
    }

    std::uint16_t port_ = 0;
    weft::unique_fd listener_;
    accepting accept_;
};

TEST_F(epoll_that_accepts, takes_the_next_connection_where_one_went_wrong_or_the_call_was_interrupted) {
    for (const int error : {ECONNABORTED, EPROTO, EINTR, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
                            EOPNOTSUPP, ENETUNREACH}) {
        SCOPED_TRACE(error);
        accept_.results.clear();
        const failing_calls failing = fail(error, 3);
        const auto client = connect_to_loopback(port_);
        turn_until([&] { return !accept_.results.empty(); });
        EXPECT_EQ(failing.failed(), 3);
        EXPECT_FALSE(accept_.over);
        ASSERT_GE(accept_.results.front(), 0);
        ::close(accept_.results.front());
    }
    accept_.results.clear();
}

TEST_F(epoll_that_accepts, waits_for_the_next_edge_where_there_is_none) {
    const failing_calls failing = fail(EAGAIN);
    const auto first = connect_to_loopback(port_);
    turn_a_little();
    EXPECT_EQ(failing.failed(), 1);
    EXPECT_TRUE(accept_.results.empty());
    EXPECT_FALSE(accept_.over);
    const auto second = connect_to_loopback(port_);
    turn_until([&] { return accept_.results.size() == 2; });
}

TEST_F(epoll_that_accepts, ends_where_resources_are_wanting_and_loses_no_connection_of_who_accepts_again) {
    for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL}) {
        SCOPED_TRACE(error);
        accept_.results.clear();
        const failing_calls failing = fail(error);
        const auto client = connect_to_loopback(port_);
        turn_until([&] { return accept_.over; });
        EXPECT_EQ(accept_.results, std::deque{-error});
        EXPECT_FALSE(accept_.is_submitted());
        accept_.results.clear();
        accept_.over = false;
        backend_->submit(accept_);
        turn_until([&] { return !accept_.results.empty(); });
        EXPECT_FALSE(accept_.over);
        ASSERT_GE(accept_.results.front(), 0);
        ::close(accept_.results.front());
    }
    accept_.results.clear();
}

/// Closes its listener at the first connection, whose number somebody then receives from.
struct accepting_once : weft::accept_operation {
    accepting_once() : accept_operation(completed) {}
    static void completed(weft::operation& op, const weft::completion& c) {
        auto& self = static_cast<accepting_once&>(op);
        if (c.result >= 0) ::close(c.result);
        self.then();
    }
    std::function<void()> then;
};

TEST_F(epoll_that_accepts, leaves_alone_who_receives_under_the_number_of_a_listener_closed_meanwhile) {
    backend_->cancel(accept_);
    accepting_once accept;
    receiving receive;
    submit(accept, listener_);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    const weft::unique_fd near(ends[0]), far(ends[1]);
    bool was_called = false;
    accept.then = [&] {
        was_called = true;
        backend_->cancel(accept);
        const int number = listener_.release();
        backend_->close(number);
        listener_.reset(::dup3(near.get(), number, O_CLOEXEC));
        submit(receive, listener_);
    };
    const auto client = connect_to_loopback(port_);
    turn_until([&] { return was_called; });
    turn_a_little();
    EXPECT_FALSE(receive.over);
    ASSERT_EQ(::send(far.get(), "hello", 5, 0), 5);
    turn_until([&] { return !receive.results.empty(); });
    EXPECT_EQ(receive.text, "hello");
    backend_->cancel(receive);
}

}  // namespace
