// SPDX-License-Identifier: Apache-2.0
// Whatever the kernel says where add_reader() and add_writer() have it watch a descriptor: the caller is told, or the
// callback is called, nothing is left, and it works again.
#include "failing_calls.hpp"
#include "io/faulty_backend.hpp"
#include "io/operations.hpp"
#include "io/temporary_file.hpp"

using namespace weft_test;

namespace {

constexpr int errors_of_watching[] = {EPERM, ENOMEM, ENOSPC, EBADF, ELOOP, EBUSY, EINVAL, EEXIST};
/// Without those that may pass, after which it is tried again: lasting_poll_test.
constexpr int lasting_errors[] = {EPERM, EBADF, ELOOP, EINVAL, EEXIST};

/// add_reader or add_writer.
class watched : public testing::TestWithParam<bool> {
protected:
    watched() {
        auto b = std::make_unique<faulty_backend>(weft::make_backend());
        faults_ = b.get();
        loop_.emplace(std::move(b));
        loop_->set_exception_handler(
            [this](weft::event_loop&, const weft::error_context& c) { reported_.push_back(c.message); });
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        near_.reset(ends[0]);
        far_.reset(ends[1]);
        EXPECT_EQ(::write(far_.get(), "x", 1), 1);  // both ways it is ready
    }
    void add(weft::native_handle fd) {
        const auto call = [this] { ++calls_; };
        GetParam() ? loop_->add_writer(fd, call) : loop_->add_reader(fd, call);
    }
    bool remove(weft::native_handle fd) { return GetParam() ? loop_->remove_writer(fd) : loop_->remove_reader(fd); }
    /// @return the errno of what was thrown
    int error_of_adding(weft::native_handle fd) {
        try {
            add(fd);
        } catch (const std::system_error& e) {
            return e.code().value();
        }
        return 0;
    }
    void turn() {
        for (int i = 0; i < 4; ++i) {
            loop_->call_soon([] {});  // so that no turn waits
            loop_->run_once();
        }
    }
    void expect_that_it_works() {
        calls_ = 0;
        add(near_.get());
        turn();
        EXPECT_GT(calls_, 1);
        EXPECT_TRUE(remove(near_.get()));
        calls_ = 0;
        turn();
        EXPECT_EQ(calls_, 0);
    }

    faulty_backend* faults_;
    std::optional<weft::event_loop> loop_;
    weft::unique_fd near_, far_;
    int calls_ = 0;
    std::vector<std::string> reported_;
};

TEST_P(watched, what_the_backend_refuses_is_an_error_and_not_watched) {
    for (const int error : errors_of_watching) {
        SCOPED_TRACE(error);
        faults_->decide = [error](weft::opcode code, weft::native_handle) {
            return code == weft::opcode::poll ? fate{.error = error, .at_submit = true} : fate();
        };
        EXPECT_EQ(error_of_adding(near_.get()), error);
        faults_->decide = [](weft::opcode, weft::native_handle) { return fate(); };
        EXPECT_FALSE(remove(near_.get()));
        expect_that_it_works();
    }
}

TEST_P(watched, what_epoll_ctl_refuses_is_an_error_and_not_watched) {
    if (loop_->backend_name() != std::string_view("epoll")) GTEST_SKIP() << "is about epoll";
    for (const int error : errors_of_watching) {
        SCOPED_TRACE(error);
        {
            const failing_calls failing(system_call::epoll_ctl, {.error = error, .fd = near_.get()});
            EXPECT_EQ(error_of_adding(near_.get()), error);
            EXPECT_EQ(failing.failed(), 1);
        }
        EXPECT_FALSE(remove(near_.get()));
        expect_that_it_works();
    }
}

TEST_P(watched, what_fails_later_calls_back_to_find_out_says_so_once_and_can_be_watched_again) {
    for (const int error : lasting_errors) {
        SCOPED_TRACE(error);
        faults_->decide = [error](weft::opcode code, weft::native_handle) {
            return code == weft::opcode::poll ? fate{.error = error} : fate();
        };
        calls_ = 0;
        reported_.clear();
        add(near_.get());
        turn();
        EXPECT_EQ(calls_, 1);
        EXPECT_EQ(reported_, std::vector{"descriptor " + std::to_string(near_.get()) + " is watched no longer"});
        faults_->decide = [](weft::opcode, weft::native_handle) { return fate(); };
        EXPECT_TRUE(remove(near_.get()));
        expect_that_it_works();
    }
}

TEST_P(watched, a_file_is_refused_or_always_ready) {
    const temporary_file file(10);
    const bool is_epoll = loop_->backend_name() == std::string_view("epoll");
    EXPECT_EQ(error_of_adding(file.fd.get()), is_epoll ? EPERM : 0);
    turn();
    EXPECT_EQ(calls_ > 1, !is_epoll);
    EXPECT_EQ(remove(file.fd.get()), !is_epoll);
    expect_that_it_works();
}

/// What cannot be changed within the other's callback, where the registration is settled afterwards, calls back too.
TEST_P(watched, what_epoll_ctl_refuses_of_one_added_within_a_callback_is_called_back) {
    if (loop_->backend_name() != std::string_view("epoll")) GTEST_SKIP() << "is about epoll";
    for (const int error : lasting_errors) {
        calls_ = 0;
        std::optional<failing_calls> failing;
        const auto add_the_other = [&] {
            if (failing) return;
            add(near_.get());
            failing.emplace(system_call::epoll_ctl, weft_test::failing{.error = error, .fd = near_.get()});
        };
        GetParam() ? loop_->add_reader(near_.get(), add_the_other) : loop_->add_writer(near_.get(), add_the_other);
        turn();
        EXPECT_EQ(failing->failed(), 1);
        EXPECT_GE(calls_, 1);
        failing.reset();
        loop_->remove_reader(near_.get());
        loop_->remove_writer(near_.get());
        expect_that_it_works();
    }
}

INSTANTIATE_TEST_SUITE_P(by, watched, testing::Bool(),
                         [](const auto& by) { return by.param ? "add_writer" : "add_reader"; });

}  // namespace
