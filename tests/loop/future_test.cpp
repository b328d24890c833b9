// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;

namespace {

/// A loop whose reports are kept.
struct future : testing::Test {
    void SetUp() override {
        loop->set_exception_handler([this](weft::event_loop&, const weft::error_context& c) {
            reports += c.message + ": " + weft::describe_exception(c.exception) + "\n";
        });
    }
    void run_ready() {
        for (int i = 0; i < 3; ++i) loop->run_once();
    }
    std::unique_ptr<weft::event_loop> loop = weft::testing::make_virtual_loop();
    std::string reports;
};

TEST_F(future, is_pending_until_it_has_a_result) {
    const weft::future<int> f(*loop);
    EXPECT_FALSE(f.done());
    EXPECT_THROW((void)f.result(), weft::invalid_state_error);
    EXPECT_THROW((void)f.exception(), weft::invalid_state_error);
    f.set_result(3);
    EXPECT_TRUE(f.done());
    EXPECT_FALSE(f.cancelled());
    EXPECT_EQ(f.result(), 3);
    EXPECT_EQ(f.exception(), nullptr);
    EXPECT_EQ(&f.get_loop(), loop.get());
}

TEST_F(future, copies_share_one_state) {
    const weft::future<std::string> f(*loop);
    const auto copy = f;
    f.set_result("shared");
    EXPECT_EQ(copy.result(), "shared");
    EXPECT_EQ(&copy.result(), &f.result());
}

TEST_F(future, may_be_void_or_a_reference) {
    const weft::future<> nothing(*loop);
    nothing.set_result();
    nothing.result();
    int i = 0;
    const weft::future<int&> reference(*loop);
    reference.set_result(i);
    EXPECT_EQ(&reference.result(), &i);
    const auto main = [](weft::future<int&> f) -> weft::task<int*> { co_return &co_await f; };
    EXPECT_EQ(loop->run_until_complete(main(reference)), &i);
}

TEST_F(future, has_an_exception_from_an_object_or_a_pointer) {
    const weft::future<int> f(*loop), g(*loop);
    f.set_exception(std::runtime_error("no"));
    g.set_exception(std::make_exception_ptr(std::logic_error("no")));
    EXPECT_THROW((void)f.result(), std::runtime_error);
    EXPECT_EQ(weft::describe_exception(g.exception()), "std::logic_error: no");
    EXPECT_FALSE(f.cancelled());
}

TEST_F(future, wakes_everybody_who_awaits_it_in_order) {
    std::string log;
    const auto waits = [](weft::future<int> f, std::string& l, char c) -> weft::task<> {
        l += c + std::to_string(co_await f);
    };
    const weft::future<int> f(*loop);
    for (const char c : {'a', 'b', 'c'}) (void)weft::create_task_on(*loop, waits(f, log, c));
    run_ready();
    EXPECT_EQ(log, "");
    f.set_result(1);
    EXPECT_EQ(log, "");
    run_ready();
    EXPECT_EQ(log, "a1b1c1");
    (void)weft::create_task_on(*loop, waits(f, log, 'd'));
    run_ready();
    EXPECT_EQ(log, "a1b1c1d1");
}

TEST_F(future, a_move_only_result_is_moved_to_its_only_owner) {
    const auto main = []() -> weft::task<int> {
        weft::future<std::unique_ptr<int>> f;
        weft::get_running_loop().call_soon([f] { f.set_result(std::make_unique<int>(4)); });
        auto p = co_await std::move(f);
        co_return *p;
    };
    EXPECT_EQ(loop->run_until_complete(main()), 4);
}

TEST_F(future, a_move_only_result_with_two_owners_is_refused) {
    const auto main = []() -> weft::task<> {
        weft::future<std::unique_ptr<int>> f;
        f.set_result(std::make_unique<int>(4));
        const auto other = f;
        co_await std::move(f);
    };
    EXPECT_THROW(loop->run_until_complete(main()), weft::invalid_state_error);
}

TEST_F(future, moving_from_one_of_two_owners_copies_what_can_be_copied) {
    const auto main = []() -> weft::task<std::string> {
        weft::future<std::string> f;
        f.set_result("a string that is too long to be stored in place");
        const auto other = f;
        EXPECT_EQ((co_await std::move(f)).size(), 47u);
        co_return other.result();
    };
    EXPECT_EQ(loop->run_until_complete(main()).size(), 47u);
}

// Callbacks

TEST_F(future, a_done_callback_is_called_soon_and_not_at_once) {
    std::string log;
    const weft::future<int> f(*loop);
    f.add_done_callback([&](const weft::future<int>& done) { log += std::to_string(done.result()); });
    f.add_done_callback([&](const auto&) { log += 'b'; });
    f.set_result(1);
    EXPECT_EQ(log, "");
    run_ready();
    EXPECT_EQ(log, "1b");
    f.add_done_callback([&](const auto&) { log += 'c'; });
    EXPECT_EQ(log, "1b");
    run_ready();
    EXPECT_EQ(log, "1bc");
}

TEST_F(future, a_done_callback_is_told_of_failure_and_cancellation) {
    std::string log;
    const weft::future<int> f(*loop), g(*loop);
    f.add_done_callback([&](const auto& done) { log += done.exception() ? 'e' : '-'; });
    g.add_done_callback([&](const auto& done) { log += done.cancelled() ? 'c' : '-'; });
    f.set_exception(std::runtime_error("no"));
    g.cancel();
    run_ready();
    EXPECT_EQ(log, "ec");
}

TEST_F(future, a_removed_done_callback_is_not_called) {
    std::string log;
    const weft::future<> f(*loop);
    const auto a = f.add_done_callback([&](const auto&) { log += 'a'; });
    f.add_done_callback([&](const auto&) { log += 'b'; });
    EXPECT_TRUE(f.remove_done_callback(a));
    EXPECT_FALSE(f.remove_done_callback(a));
    f.set_result();
    run_ready();
    EXPECT_EQ(log, "b");
}

TEST_F(future, what_a_done_callback_throws_goes_to_the_exception_handler) {
    const weft::future<> f(*loop);
    f.add_done_callback([](const auto&) { throw std::runtime_error("no"); });
    f.set_result();
    run_ready();
    EXPECT_EQ(reports, "Exception in callback: std::runtime_error: no\n");
}

TEST_F(future, done_callbacks_of_a_future_that_dies_pending_go_with_it) {
    const auto shared = std::make_shared<int>(1);
    {
        const weft::future<> f(*loop);
        f.add_done_callback([shared](const auto&) {});
        EXPECT_EQ(shared.use_count(), 2);
    }
    EXPECT_EQ(shared.use_count(), 1);
}

// Cancellation

TEST_F(future, cancelled_it_throws_at_whoever_looks) {
    const weft::future<int> f(*loop);
    EXPECT_TRUE(f.cancel());
    EXPECT_FALSE(f.cancel());
    EXPECT_TRUE(f.done());
    EXPECT_TRUE(f.cancelled());
    EXPECT_THROW((void)f.result(), weft::cancelled_error);
    EXPECT_THROW((void)f.exception(), weft::cancelled_error);
    const auto main = [](weft::future<int> g) -> weft::task<int> { co_return co_await g; };
    EXPECT_THROW(loop->run_until_complete(main(f)), weft::cancelled_error);
}

TEST_F(future, cancelling_one_who_awaits_it_cancels_it_for_all) {
    const weft::future<> f(*loop);
    const auto waits = [](weft::future<> g) -> weft::task<> { co_await g; };
    const auto first = weft::create_task_on(*loop, waits(f)), second = weft::create_task_on(*loop, waits(f));
    run_ready();
    EXPECT_TRUE(first.cancel());
    EXPECT_TRUE(f.cancelled());
    run_ready();
    EXPECT_TRUE(first.cancelled());
    EXPECT_TRUE(second.cancelled());
}

TEST_F(future, one_who_is_cancelled_after_it_was_done_gets_the_cancellation_and_the_others_the_result) {
    const weft::future<int> f(*loop);
    const auto waits = [](weft::future<int> g) -> weft::task<int> { co_return co_await g; };
    const auto first = weft::create_task_on(*loop, waits(f)), second = weft::create_task_on(*loop, waits(f));
    run_ready();
    f.set_result(1);
    first.cancel();
    run_ready();
    EXPECT_TRUE(first.cancelled());
    EXPECT_EQ(second.result(), 1);
}

// Misuse

TEST_F(future, is_done_once) {
    const weft::future<int> f(*loop), g(*loop);
    f.set_result(1);
    EXPECT_THROW(f.set_result(2), weft::invalid_state_error);
    EXPECT_THROW(f.set_exception(std::runtime_error("no")), weft::invalid_state_error);
    EXPECT_FALSE(f.cancel());
    EXPECT_EQ(f.result(), 1);
    g.cancel();
    EXPECT_THROW(g.set_result(2), weft::invalid_state_error);
}

TEST_F(future, a_tasks_result_cannot_be_set_through_its_base) {
    const auto body = []() -> weft::task<int> {
        co_await weft::sleep(1h);
        co_return 1;
    };
    const weft::future<int> f = weft::create_task_on(*loop, body());
    EXPECT_THROW(f.set_result(2), weft::invalid_state_error);
    EXPECT_THROW(f.set_exception(std::runtime_error("no")), weft::invalid_state_error);
    EXPECT_EQ(loop->run_until_complete(f), 1);
}

TEST_F(future, an_exception_that_nobody_saw_is_reported_when_it_goes) {
    {
        const weft::future<int> f(*loop);
        f.set_exception(std::runtime_error("unseen"));
        EXPECT_EQ(reports, "");
    }
    EXPECT_EQ(reports, "Future exception was never retrieved: std::runtime_error: unseen\n");
}

TEST_F(future, an_exception_that_nobody_saw_is_reported_once_when_the_loop_closes) {
    const weft::future<int> f(*loop);
    f.set_exception(std::runtime_error("unseen"));
    loop->close();
    EXPECT_EQ(reports, "Future exception was never retrieved: std::runtime_error: unseen\n");
    reports.clear();
    EXPECT_THROW((void)f.result(), std::runtime_error);
}

TEST_F(future, an_exception_that_was_seen_is_not_reported) {
    {
        const weft::future<int> f(*loop), g(*loop);
        f.set_exception(std::runtime_error("seen"));
        g.set_exception(std::runtime_error("seen"));
        EXPECT_THROW((void)f.result(), std::runtime_error);
        (void)g.exception();
    }
    loop->close();
    EXPECT_EQ(reports, "");
}

TEST_F(future, may_become_done_after_its_loop_closed) {
    const weft::future<int> f(*loop);
    f.add_done_callback([](const auto&) { FAIL() << "there is no loop to call this"; });
    loop->close();
    f.set_result(1);
    EXPECT_EQ(f.result(), 1);
    f.add_done_callback([](const auto&) { FAIL() << "there is no loop to call this"; });
}

TEST_F(future, outlives_its_loop) {
    const weft::future<int> failed(*loop), cancelled(*loop), pending(*loop);
    loop.reset();
    failed.set_exception(std::make_exception_ptr(std::runtime_error("late")));
    EXPECT_TRUE(failed.exception());
    EXPECT_TRUE(cancelled.cancel());
    EXPECT_FALSE(pending.done());
    EXPECT_THROW((void)pending.get_loop(), weft::invalid_state_error);
}

TEST_F(future, that_was_moved_from_says_so) {
    weft::future<int> from(*loop);
    const weft::future<int> to = std::move(from);
    to.set_result(1);
    EXPECT_THROW((void)from.done(), weft::invalid_state_error);
    EXPECT_THROW((void)from.result(), weft::invalid_state_error);
    EXPECT_THROW(from.set_result(2), weft::invalid_state_error);
    EXPECT_THROW(from.cancel(), weft::invalid_state_error);
    loop->run_until_complete([](weft::future<int>& gone) -> weft::task<> {
        EXPECT_THROW(co_await gone, weft::invalid_state_error);
        EXPECT_THROW(co_await std::move(gone), weft::invalid_state_error);
        EXPECT_THROW(co_await weft::gather(gone), weft::invalid_state_error);

        weft::task_handle<int> h = weft::create_task([]() -> weft::task<int> { co_return 3; });
        const weft::task_handle<int> kept = std::move(h);
        EXPECT_THROW((void)h.name(), weft::invalid_state_error);
        EXPECT_THROW(h.cancel(), weft::invalid_state_error);
        EXPECT_THROW(co_await weft::shield(h), weft::invalid_state_error);
        EXPECT_EQ(co_await kept, 3);

        weft::any_task any = weft::current_task();
        const weft::any_task current = std::move(any);
        EXPECT_THROW((void)any.name(), weft::invalid_state_error);
        EXPECT_NE(any, current);
    }(from));
}

}  // namespace
