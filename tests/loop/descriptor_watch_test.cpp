// SPDX-License-Identifier: Apache-2.0
#include "loop/backend.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

// add_reader() and add_writer(), on the real clock: descriptors are the world outside.

namespace {

struct descriptor_watch : testing::Test {
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        near.reset(ends[0]);
        far.reset(ends[1]);
    }
    char read_one() const {
        char c = 0;
        return ::read(near.get(), &c, 1) == 1 ? c : '-';
    }
    void feed(const char* text) const {
        const auto size = static_cast<ssize_t>(std::char_traits<char>::length(text));
        ASSERT_EQ(::write(far.get(), text, static_cast<std::size_t>(size)), size);
    }
    /// Turns in which nothing outside has to happen any more.
    void run_some_turns() {
        for (int i = 0; i < 4; ++i) loop.run_once();
    }

    weft::event_loop loop;
    weft::unique_fd near, far;
    std::string log;
};

TEST_F(descriptor_watch, a_reader_is_called_in_every_turn_while_there_is_something_to_read) {
    loop.add_reader(near.get(), [&] {
        log += read_one();
        if (log.size() == 3) loop.stop();
    });
    feed("abc");
    loop.run_forever();
    EXPECT_EQ(log, "abc");
    run_some_turns();
    EXPECT_EQ(log, "abc");
    feed("d");
    loop.call_soon([&] { loop.stop(); });
    loop.run_forever();
    run_some_turns();
    EXPECT_EQ(log, "abcd");
}

TEST_F(descriptor_watch, a_reader_sees_the_end_of_the_stream) {
    loop.add_reader(near.get(), [&] {
        log += read_one();
        loop.stop();
    });
    far.reset();
    loop.run_forever();
    EXPECT_EQ(log, "-");
}

TEST_F(descriptor_watch, a_writer_is_called_while_there_is_room) {
    int calls = 0;
    loop.add_writer(near.get(), [&] {
        if (++calls == 3) loop.stop();
    });
    loop.run_forever();
    EXPECT_TRUE(loop.remove_writer(near.get()));
    run_some_turns();
    EXPECT_EQ(calls, 3);
}

TEST_F(descriptor_watch, one_descriptor_may_have_both) {
    loop.add_reader(near.get(), [&] { log += read_one(); });
    loop.add_writer(near.get(), [&] {
        log += 'w';
        loop.remove_writer(near.get());
    });
    run_some_turns();
    EXPECT_EQ(log, "w");
    feed("r");
    run_some_turns();
    EXPECT_EQ(log, "wr");
    loop.add_writer(near.get(), [&] {
        log += 'W';
        loop.remove_writer(near.get());
    });
    run_some_turns();
    EXPECT_EQ(log, "wrW");
}

TEST_F(descriptor_watch, a_second_reader_replaces_the_first) {
    loop.add_reader(near.get(), [&] { log += "first"; });
    loop.add_reader(near.get(), [&] { log += read_one(); });
    feed("x");
    run_some_turns();
    EXPECT_EQ(log, "x");
}

TEST_F(descriptor_watch, removing_says_whether_there_was_one) {
    EXPECT_FALSE(loop.remove_reader(near.get()));
    loop.add_reader(near.get(), [&] { log += 'x'; });
    EXPECT_FALSE(loop.remove_writer(near.get()));
    EXPECT_TRUE(loop.remove_reader(near.get()));
    EXPECT_FALSE(loop.remove_reader(near.get()));
    feed("x");
    run_some_turns();
    EXPECT_EQ(log, "");
}

TEST_F(descriptor_watch, a_reader_wakes_a_loop_that_waits) {
    const auto main = [](descriptor_watch& t) -> weft::task<char> {
        weft::future<char> read;
        t.loop.add_reader(t.near.get(), [&] { read.set_result(t.read_one()); });
        t.feed("y");
        const char c = co_await read;
        t.loop.remove_reader(t.near.get());
        co_return c;
    };
    EXPECT_EQ(loop.run_until_complete(main(*this)), 'y');
}

// Misuse

TEST_F(descriptor_watch, what_a_reader_throws_goes_to_the_exception_handler_and_the_loop_runs_on) {
    loop.set_exception_handler(
        [&](weft::event_loop&, const weft::error_context& c) { log += weft::describe_exception(c.exception); });
    loop.add_reader(near.get(), [&] {
        if (read_one() == 'x') throw std::runtime_error("no");
        log += ", and on";
        loop.stop();
    });
    feed("xy");
    loop.run_forever();
    EXPECT_EQ(log, "std::runtime_error: no, and on");
}

TEST_F(descriptor_watch, a_closed_descriptor_is_refused) {
    const auto fd = near.get();
    near.reset();
    EXPECT_THROW(loop.add_reader(fd, [] {}), std::system_error);
    EXPECT_THROW(loop.add_reader(-1, [] {}), std::system_error);
    EXPECT_FALSE(loop.remove_reader(fd));
}

TEST_F(descriptor_watch, a_descriptor_of_the_loops_own_is_refused_until_it_lets_go_of_it) {
    const auto fd = near.get();
    loop.operations().claim(fd);
    EXPECT_THROW(loop.add_reader(fd, [] {}), weft::invalid_state_error);
    EXPECT_THROW(loop.add_writer(fd, [] {}), weft::invalid_state_error);
    EXPECT_FALSE(loop.remove_reader(fd));
    loop.operations().close(near.release());
    near.reset(::fcntl(far.get(), F_DUPFD_CLOEXEC, fd));
    ASSERT_EQ(near.get(), fd);  // the number is used again
    loop.add_writer(fd, [&] {
        log += 'w';
        loop.remove_writer(near.get());
    });
    run_some_turns();
    EXPECT_EQ(log, "w");
}

TEST_F(descriptor_watch, descriptors_of_high_and_low_numbers_are_kept_apart) {
    std::vector<weft::unique_fd> copies;
    for (const int least : {3, 100, 101, 200}) copies.emplace_back(::fcntl(near.get(), F_DUPFD_CLOEXEC, least));
    for (std::size_t i = 0; i < copies.size(); ++i) {
        loop.add_reader(copies[i].get(), [&, i] {
            log += std::to_string(i);
            loop.remove_reader(copies[i].get());
        });
    }
    EXPECT_TRUE(loop.remove_reader(copies[2].get()));
    EXPECT_FALSE(loop.remove_reader(copies[2].get()));
    EXPECT_FALSE(loop.remove_writer(copies[1].get()));
    EXPECT_FALSE(loop.remove_reader(1'000'000));
    EXPECT_FALSE(loop.remove_reader(-1));
    feed("x");
    run_some_turns();
    std::ranges::sort(log);
    EXPECT_EQ(log, "013");
}

TEST_F(descriptor_watch, a_descriptor_may_be_closed_before_it_is_removed) {
    loop.add_reader(near.get(), [&] { log += 'r'; });
    loop.add_writer(near.get(), [&] { log += 'w'; });
    const auto fd = near.get();
    near.reset();
    EXPECT_TRUE(loop.remove_reader(fd));
    EXPECT_TRUE(loop.remove_writer(fd));
}

/// epoll forgets what is closed; an io_uring keeps it open, and looks for its number when it has told of it.
TEST_F(descriptor_watch, that_is_not_removed_does_not_go_on_with_a_stream_that_gets_the_number) {
    const bool is_epoll = loop.backend_name() == std::string("epoll");
    loop.set_exception_handler([&](weft::event_loop&, const weft::error_context& c) { log += c.message; });
    loop.add_reader(near.get(), [&] { log += 'r'; });
    run_some_turns();
    const auto fd = near.get();
    near.reset();
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    near.reset(ends[0]);
    ASSERT_EQ(near.get(), fd);  // the number is used again
    const weft::unique_fd input(ends[1]);
    ASSERT_EQ(::write(input.get(), "x", 1), 1);
    loop.operations().claim(fd);
    ::send(far.get(), "x", 1, MSG_NOSIGNAL);
    run_some_turns();
    EXPECT_EQ(log, is_epoll ? "" : "rdescriptor " + std::to_string(fd) + " is watched no longer");
    EXPECT_TRUE(loop.remove_reader(fd));
    loop.operations().close(near.release());
}

// Races

TEST_F(descriptor_watch, a_callback_may_remove_itself_and_the_other) {
    loop.add_reader(near.get(), [&] {
        log += 'r';
        loop.remove_reader(near.get());
        loop.remove_writer(near.get());
        log += 'R';
    });
    feed("x");
    run_some_turns();
    EXPECT_EQ(log, "rR");
}

TEST_F(descriptor_watch, a_callback_may_replace_itself) {
    loop.add_reader(near.get(), [&] {
        log += 'a';
        loop.add_reader(near.get(), [&] { log += read_one(); });
    });
    feed("b");
    run_some_turns();
    EXPECT_EQ(log, "ab");
}

TEST_F(descriptor_watch, a_callback_may_close_its_descriptor_and_watch_the_next_one_of_that_number) {
    loop.add_reader(near.get(), [&] {
        const auto fd = near.get();
        loop.remove_reader(fd);
        near.reset();
        far.reset();
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        ASSERT_EQ(std::min(ends[0], ends[1]), fd);
        near.reset(fd);
        far.reset(std::max(ends[0], ends[1]));
        loop.add_reader(fd, [&] {
            log += read_one();
            loop.stop();
        });
        feed("n");
    });
    feed("x");
    loop.call_later(std::chrono::seconds(5), [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(log, "n");
}

TEST_F(descriptor_watch, a_loop_that_closes_lets_go_of_its_descriptors) {
    loop.add_reader(near.get(), [&] { log += 'r'; });
    feed("x");
    loop.close();
    EXPECT_EQ(log, "");
    EXPECT_NE(::fcntl(near.get(), F_GETFD), -1);
    EXPECT_FALSE(loop.remove_reader(near.get()));
    EXPECT_FALSE(loop.remove_writer(near.get()));
}

TEST_F(descriptor_watch, a_closed_loop_watches_nothing) {
    loop.close();
    EXPECT_THROW(loop.add_reader(near.get(), [] {}), weft::invalid_state_error);
    EXPECT_THROW(loop.add_writer(near.get(), [] {}), weft::invalid_state_error);
}

}  // namespace
