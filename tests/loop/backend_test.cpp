// SPDX-License-Identifier: Apache-2.0
#include "loop/backend.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/loop/event_loop.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

/// Sets WEFT_BACKEND for a while.
class chosen_backend {
public:
    explicit chosen_backend(const char* name) {
        if (const char* before = std::getenv("WEFT_BACKEND")) before_ = before;
        ::setenv("WEFT_BACKEND", name, 1);
    }
    ~chosen_backend() { before_ ? ::setenv("WEFT_BACKEND", before_->c_str(), 1) : ::unsetenv("WEFT_BACKEND"); }

private:
    std::optional<std::string> before_;
};

TEST(backend, is_the_one_that_the_environment_names) {
    if (const char* const name = std::getenv("WEFT_BACKEND")) {
        EXPECT_STREQ(weft::event_loop().backend_name(), name);
    }
    const chosen_backend choice("epoll");
    EXPECT_STREQ(weft::event_loop().backend_name(), "epoll");
}

TEST(backend, is_found_by_probing_when_none_is_named) {
    const chosen_backend choice("");
    const std::string name = weft::event_loop().backend_name();
    EXPECT_TRUE(name == "io_uring" || name == "epoll") << name;
}

TEST(backend, a_wrong_name_is_refused_with_the_right_ones) {
    const chosen_backend choice("kqueue");
    try {
        const weft::event_loop loop;
        FAIL();
    } catch (const std::invalid_argument& e) {
        const std::string what = e.what();
        EXPECT_NE(what.find("kqueue"), std::string::npos) << what;
        EXPECT_NE(what.find("epoll"), std::string::npos) << what;
        EXPECT_NE(what.find("io_uring"), std::string::npos) << what;
    }
}

TEST(backend, wake_ends_the_next_wait) {
    const auto b = weft::make_backend();
    b->wait(0);
    b->dispatch();
    b->wake();
    EXPECT_TRUE(b->wait(weft::never));
    b->dispatch();
}

TEST(backend, waits_until_its_deadline_and_not_at_all_if_that_has_passed) {
    const auto b = weft::make_backend();
    for (const weft::nanos deadline : {weft::nanos{0}, weft::nanos{1}, b->now(), -weft::never}) b->wait(deadline);
    const auto until = b->now() + 1'000'000;
    b->wait(until);
    EXPECT_GE(b->now(), until);
}

TEST(backend, knows_whose_a_descriptor_is_from_its_claim_to_its_end) {
    const auto b = weft::make_backend();
    weft::unique_fd fd(::fcntl(0, F_DUPFD_CLOEXEC, 500));
    ASSERT_TRUE(fd);
    const int number = fd.get();
    EXPECT_FALSE(b->is_claimed(number));
    EXPECT_FALSE(b->is_claimed(-1));
    b->claim(number);
    b->claim(number);
    EXPECT_TRUE(b->is_claimed(number));
    EXPECT_FALSE(b->is_claimed(number - 1));
    b->close(fd.release());
    EXPECT_FALSE(b->is_claimed(number));
}

// io_uring holds a polled file itself, so that closing its descriptor changes nothing there.
TEST(epoll_backend, tells_who_waits_for_a_descriptor_that_a_callback_has_closed) {
    struct poll : weft::poll_operation {
        explicit poll(short e) : weft::poll_operation(told) { events = e; }
        static void told(operation& op, const weft::completion& c) {
            auto& self = static_cast<poll&>(op);
            self.result = c.result;
            if (self.closes) self.closes->reset();
        }
        int result = 0;
        weft::unique_fd* closes = nullptr;
    };
    const auto b = weft::make_epoll_backend();
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    weft::unique_fd near(ends[0]);
    const weft::unique_fd far(ends[1]);
    const char byte = 'x';
    while (::write(near.get(), &byte, 1) == 1) {  // no room: it is not writable
    }
    ASSERT_EQ(::write(far.get(), &byte, 1), 1);
    poll input(POLLIN), output(POLLOUT);
    input.fd = output.fd = near.get();
    b->submit(input);
    b->submit(output);
    input.closes = &near;
    b->wait(0);
    b->dispatch();
    EXPECT_EQ(input.result, POLLIN);
    EXPECT_EQ(output.result, -EBADF);
    EXPECT_FALSE(output.is_submitted());
}

}  // namespace
