// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/run.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <poll.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

weft::task<int> one() { co_return 1; }
weft::task<int> one_after(weft::clock::duration d) {
    co_await weft::sleep(d);
    co_return 1;
}

TEST(event_loop, runs_a_task_or_a_future_to_its_end) {
    const auto loop = weft::testing::make_virtual_loop();
    EXPECT_EQ(loop->run_until_complete(one_after(1h)), 1);
    weft::future<std::string> f(*loop);
    loop->call_later(1h, [f] { f.set_result("done"); });
    EXPECT_EQ(loop->run_until_complete(f), "done");
    EXPECT_EQ(loop->run_until_complete(f), "done");
    const auto fails = []() -> weft::task<> {
        throw std::runtime_error("no");
        co_return;
    };
    EXPECT_THROW(loop->run_until_complete(fails()), std::runtime_error);
}

TEST(event_loop, works_without_run_on_the_real_clock) {
    weft::event_loop loop;
    EXPECT_EQ(loop.run_until_complete(one_after(1ms)), 1);
    EXPECT_STREQ(loop.backend_name(), weft::event_loop().backend_name());
}

TEST(event_loop, is_the_current_one_while_it_runs) {
    const auto loop = weft::testing::make_virtual_loop();
    EXPECT_EQ(weft::event_loop::current(), nullptr);
    EXPECT_THROW((void)weft::get_running_loop(), weft::no_running_loop_error);
    EXPECT_THROW((void)weft::create_task(one()), weft::no_running_loop_error);
    EXPECT_THROW((void)weft::future<int>(), weft::no_running_loop_error);
    loop->call_soon([&] {
        EXPECT_EQ(&weft::get_running_loop(), loop.get());
        EXPECT_TRUE(loop->is_running());
        EXPECT_THROW((void)weft::current_task_core(), weft::no_running_loop_error);
    });
    loop->run_once();
    EXPECT_FALSE(loop->is_running());
    EXPECT_EQ(weft::event_loop::current(), nullptr);
}

TEST(event_loop, stop_ends_run_forever_after_the_present_batch) {
    const auto loop = weft::testing::make_virtual_loop();
    std::string log;
    loop->call_soon([&] {
        log += 'a';
        loop->stop();
        loop->call_soon([&] { log += 'c'; });
    });
    loop->call_soon([&] { log += 'b'; });
    loop->run_forever();
    EXPECT_EQ(log, "ab");
    loop->call_soon([&] { loop->stop(); });
    loop->run_forever();
    EXPECT_EQ(log, "abc");
}

TEST(event_loop, stopped_before_it_runs_it_runs_one_turn_and_does_not_wait) {
    const auto loop = weft::testing::make_virtual_loop();
    const auto began = loop->time();
    int called = 0;
    loop->call_soon([&] { ++called; });
    const auto timer = loop->call_later(1h, [&] { ++called; });
    loop->stop();
    loop->run_forever();
    EXPECT_EQ(called, 1);
    EXPECT_EQ(loop->time(), began);
    EXPECT_EQ(loop->run_until_complete(one()), 1);  // stop() holds for one run
}

TEST(event_loop, a_task_that_never_waits_does_not_keep_the_kernel_and_timers_out) {
    const auto loop = weft::testing::make_virtual_loop();
    bool stopped = false;
    const auto busy = [](const bool& end) -> weft::task<int> {
        int turns = 0;
        while (!end) {
            co_await weft::yield_now();
            ++turns;
        }
        co_return turns;
    };
    loop->call_later(0s, [&] { stopped = true; });
    EXPECT_LT(loop->run_until_complete(busy(stopped)), 1000);
}

// Embedding

TEST(event_loop, run_once_does_not_wait_by_default) {
    const auto loop = weft::testing::make_virtual_loop();
    const auto began = loop->time();
    const auto h = weft::create_task_on(*loop, one_after(1h));
    for (int i = 0; i < 5; ++i) loop->run_once();
    EXPECT_FALSE(h.done());
    EXPECT_EQ(loop->time(), began);
    loop->run_until(h.state());
}

TEST(event_loop, run_once_waits_until_its_deadline_or_the_first_timer) {
    const auto loop = weft::testing::make_virtual_loop();
    const auto began = loop->time();
    const auto h = weft::create_task_on(*loop, one_after(1h));
    loop->run_once();
    loop->run_once(began + 30min);
    EXPECT_EQ(loop->time(), began + 30min);
    EXPECT_FALSE(h.done());
    loop->run_once(began + 3h);
    EXPECT_EQ(loop->time(), began + 1h);
    EXPECT_TRUE(h.done());
}

TEST(event_loop, next_deadline_says_when_the_next_turn_is_due) {
    const auto loop = weft::testing::make_virtual_loop();
    EXPECT_EQ(loop->next_deadline(), weft::clock::time_point::max());
    const auto timer = loop->call_later(5s, [] {});
    EXPECT_EQ(loop->next_deadline(), loop->time() + 5s);
    loop->call_soon([] {});
    EXPECT_EQ(loop->next_deadline(), loop->time());
    loop->run_once();
    EXPECT_EQ(loop->next_deadline(), loop->time() + 5s);
    timer.cancel();
    EXPECT_EQ(loop->next_deadline(), weft::clock::time_point::max());
}

bool is_readable(weft::native_handle fd, int timeout_ms) {
    pollfd p{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&p, 1, timeout_ms) == 1;
}

TEST(event_loop, poll_fd_is_readable_when_another_thread_called) {
    weft::event_loop loop;
    const auto fd = loop.poll_fd();
    int called = 0;
    loop.run_once();
    for (int i = 1; i <= 3; ++i) {
        EXPECT_FALSE(is_readable(fd, 0));
        std::thread([&] { loop.call_soon_threadsafe([&] { ++called; }); }).join();
        EXPECT_TRUE(is_readable(fd, 10'000));
        loop.run_once();
        EXPECT_EQ(called, i);
    }
}

TEST(event_loop, poll_fd_is_readable_before_the_first_turn_and_for_what_was_added_between_turns) {
    weft::event_loop loop;
    const auto fd = loop.poll_fd();
    EXPECT_EQ(loop.next_deadline(), weft::clock::time_point::max());
    std::thread([&] { loop.call_soon_threadsafe([] {}); }).join();
    EXPECT_TRUE(is_readable(fd, 10'000));
    loop.run_once();
    EXPECT_FALSE(is_readable(fd, 0));

    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const weft::unique_fd read_end(ends[0]), write_end(ends[1]);
    loop.add_reader(ends[0], [&] { loop.remove_reader(ends[0]); });
    EXPECT_EQ(loop.next_deadline(), weft::clock::time_point::max());
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    EXPECT_TRUE(is_readable(fd, 10'000));
    loop.run_once();
    EXPECT_FALSE(loop.remove_reader(ends[0]));
}

TEST(event_loop, poll_fd_is_readable_when_a_descriptor_is) {
    weft::event_loop loop;
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const weft::unique_fd read_end(ends[0]), write_end(ends[1]);
    char c = 0;
    const auto fd = loop.poll_fd();
    loop.call_soon([&] { loop.add_reader(ends[0], [&] { EXPECT_EQ(::read(ends[0], &c, 1), 1); }); });
    loop.run_once();
    EXPECT_FALSE(is_readable(fd, 0));
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    EXPECT_TRUE(is_readable(fd, 10'000));
    loop.run_once();
    EXPECT_EQ(c, 'x');
    EXPECT_FALSE(is_readable(fd, 0));
    loop.remove_reader(ends[0]);
}

TEST(event_loop, can_be_driven_by_anothers_loop_of_poll_and_run_once) {
    weft::event_loop loop;
    const auto fd = loop.poll_fd();
    const auto h = weft::create_task_on(loop, one_after(3ms));
    while (!h.done()) {
        const auto left = loop.next_deadline() - loop.time();
        is_readable(fd, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
        loop.run_once();
    }
    EXPECT_EQ(h.result(), 1);
}

TEST(event_loop, wait_hooks_are_called_around_every_wait) {
    const auto loop = weft::testing::make_virtual_loop();
    std::string log;
    loop->set_wait_hooks([&] { log += '<'; }, [&] { log += '>'; });
    loop->call_soon([&] { log += 'a'; });
    loop->run_once();
    EXPECT_EQ(log, "<>a");
    loop->call_later(1s, [&] { log += 'b'; });
    loop->run_once(loop->time() + 2s);
    EXPECT_EQ(log, "<>a<>b");
    loop->set_wait_hooks(nullptr, nullptr);
    loop->run_once();
    EXPECT_EQ(log, "<>a<>b");
}

// Misuse

std::string what_it_refuses(const auto& f) {
    try {
        f();
    } catch (const weft::invalid_state_error& e) {
        return e.what();
    }
    return "";
}

TEST(event_loop, refuses_to_run_inside_itself_or_another) {
    const auto loop = weft::testing::make_virtual_loop(), other = weft::testing::make_virtual_loop();
    const auto main = [](weft::event_loop& same, weft::event_loop& second) -> weft::task<> {
        EXPECT_NE(what_it_refuses([&] { same.run_forever(); }).find("already running"), std::string::npos);
        EXPECT_NE(what_it_refuses([&] { same.run_once(); }), "");
        EXPECT_NE(what_it_refuses([&] { same.close(); }), "");
        EXPECT_NE(what_it_refuses([&] { second.run_forever(); }).find("another one"), std::string::npos);
        co_return;
    };
    loop->run_until_complete(main(*loop, *other));
    EXPECT_EQ(other->run_until_complete(one()), 1);
}

TEST(event_loop, refuses_a_future_of_another_loop) {
    const auto loop = weft::testing::make_virtual_loop(), other = weft::testing::make_virtual_loop();
    const weft::future<int> f(*other);
    EXPECT_NE(what_it_refuses([&] { (void)loop->run_until_complete(f); }), "");
}

TEST(event_loop, says_that_it_was_stopped_before_the_task_was_done) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->call_later(1s, [&] { loop->stop(); });
    EXPECT_NE(what_it_refuses([&] { (void)loop->run_until_complete(one_after(1h)); }).find("stopped"),
              std::string::npos);
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
}

TEST(event_loop, once_closed_refuses_everything) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->close();
    loop->close();
    EXPECT_TRUE(loop->is_closed());
    const auto closed = [](const auto& f) { EXPECT_EQ(what_it_refuses(f), "event loop is closed"); };
    closed([&] { loop->run_forever(); });
    closed([&] { loop->run_once(); });
    closed([&] { (void)loop->run_until_complete(one()); });
    closed([&] { (void)weft::create_task_on(*loop, one()); });
    closed([&] { loop->call_soon([] {}); });
    closed([&] { loop->call_soon_threadsafe([] {}); });
    closed([&] { loop->call_later(1s, [] {}); });
    closed([&] { loop->call_at(weft::clock::time_point(), [] {}); });
    closed([&] { loop->add_reader(0, [] {}); });
    closed([&] { loop->add_writer(0, [] {}); });
    closed([&] { loop->add_signal_handler(10, [] {}); });
    closed([&] { (void)loop->poll_fd(); });
    EXPECT_FALSE(loop->remove_reader(0));
    EXPECT_FALSE(loop->remove_signal_handler(10));
}

}  // namespace
