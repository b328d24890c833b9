// SPDX-License-Identifier: Apache-2.0
#include "fiber/descriptor_hub.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace {

struct pipe_ends {
    pipe_ends() {
        int fds[2] = {-1, -1};
        (void)::pipe2(fds, O_CLOEXEC | O_NONBLOCK);
        in.reset(fds[0]);
        out.reset(fds[1]);
    }
    void write() const { EXPECT_EQ(::write(out.get(), "x", 1), 1); }
    weft::unique_fd in, out;
};

/// Awaits to be told.
struct told_wait : weft::descriptor_wait {
    told_wait(int number, short what) {
        fd = number;
        events = what;
        owner = this;
        tell = [](weft::descriptor_wait& w, int r) {
            auto& self = *static_cast<told_wait*>(w.owner);
            self.result = r;
            self.told.set();
        };
    }
    weft::event told;
    int result = 0;
};

weft::descriptor_hub& hub() { return weft::descriptor_hub::of(weft::get_running_loop()); }

TEST(descriptor_hub, tells_each_wait_of_its_own_direction) {
    weft::testing::run([]() -> weft::task<> {
        const pipe_ends p;
        told_wait in(p.in.get(), POLLIN), out(p.out.get(), POLLOUT);
        EXPECT_EQ(hub().add(in), 0);
        EXPECT_EQ(hub().add(out), 0);
        co_await out.told.wait();
        EXPECT_FALSE(in.told.is_set());
        p.write();
        co_await in.told.wait();
        EXPECT_EQ(in.result, 1);
    }());
}

TEST(descriptor_hub, is_waited_for_again_at_once_and_after_a_while) {
    weft::testing::run([]() -> weft::task<> {
        const pipe_ends p;
        for (int i = 0; i < 6; ++i) {
            told_wait w(p.in.get(), POLLIN);
            EXPECT_EQ(hub().add(w), 0);
            p.write();
            co_await w.told.wait();
            char c = 0;
            EXPECT_EQ(::read(p.in.get(), &c, 1), 1);
            if (i % 2 == 1) co_await weft::sleep(std::chrono::seconds(1));
        }
    }());
}

TEST(descriptor_hub, that_has_no_waits_keeps_nobody_waiting) {
    const auto main = []() -> weft::task<> {
        const pipe_ends p;
        told_wait w(p.in.get(), POLLIN);
        EXPECT_EQ(hub().add(w), 0);
        p.write();
        co_await w.told.wait();
        weft::event never;
        co_await never.wait();
    };
    EXPECT_THROW(weft::testing::run(main()), weft::deadlock_error);
}

TEST(descriptor_hub, tells_of_a_descriptor_that_is_closed) {
    weft::testing::run([]() -> weft::task<> {
        pipe_ends p;
        told_wait w(p.in.get(), POLLIN);
        EXPECT_EQ(hub().add(w), 0);
        hub().closing(p.in.get());
        p.in.reset();
        EXPECT_EQ(w.result, -EBADF);
        EXPECT_FALSE(w.is_linked());
        co_return;
    }());
}

TEST(descriptor_hub, refuses_a_file) {
    weft::testing::run([]() -> weft::task<> {
        const weft::unique_fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
        told_wait w(file.get(), POLLIN);
        EXPECT_EQ(hub().add(w), -EPERM);
        EXPECT_FALSE(w.is_linked());
        co_return;
    }());
}

}  // namespace
