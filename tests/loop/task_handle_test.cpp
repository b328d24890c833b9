// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// Scheduled tasks: their start, names, results, stacks, and what happens to what nobody awaits. Cancellation is
// task_core_test.cpp.

namespace {

weft::task<int> number_after(weft::clock::duration d, int i) {
    co_await weft::sleep(d);
    co_return i;
}
weft::task<> fails_after(weft::clock::duration d, std::string what) {
    co_await weft::sleep(d);
    throw std::runtime_error(what);
}

struct task_handle : testing::Test {
    void SetUp() override {
        loop->set_exception_handler([this](weft::event_loop&, const weft::error_context& c) {
            reports += c.message + " (" + c.task + "): " + weft::describe_exception(c.exception) + "\n";
        });
    }
    template <class T>
    T run(weft::task<T> main) {
        return loop->run_until_complete(std::move(main));
    }
    std::unique_ptr<weft::event_loop> loop = weft::testing::make_virtual_loop();
    std::string reports;
};

TEST_F(task_handle, a_task_starts_in_the_next_turn_and_runs_concurrently) {
    const auto main = []() -> weft::task<std::string> {
        std::string log;
        const auto body = [](std::string& l, char c) -> weft::task<> {
            l += c;
            co_await weft::sleep(1s);
            l += c;
        };
        const auto a = weft::create_task(body(log, 'a')), b = weft::create_task(body(log, 'b'));
        log += '|';
        co_await a;
        co_await b;
        co_return log;
    };
    EXPECT_EQ(run(main()), "|abab");
}

TEST_F(task_handle, has_a_name_an_id_and_a_result) {
    const auto main = []() -> weft::task<> {
        EXPECT_EQ(weft::current_task_core().name(), "Task-1");
        const auto h = weft::create_task(number_after(1s, 7));
        EXPECT_EQ(h.name(), "Task-2");
        EXPECT_EQ(h.core().id(), 2u);
        h.set_name("seven");
        EXPECT_EQ(h.name(), "seven");
        const auto named = weft::create_task(number_after(1s, 8), {.name = "eight"});
        EXPECT_EQ(named.name(), "eight");
        EXPECT_EQ(named.core().id(), 3u);
        EXPECT_FALSE(h.done());
        EXPECT_THROW((void)h.result(), weft::invalid_state_error);
        EXPECT_EQ(co_await h, 7);
        EXPECT_EQ(co_await h, 7);
        EXPECT_EQ(h.result(), 7);
        EXPECT_EQ(h.name(), "seven");
        co_await named;
    };
    run(main());
}

TEST_F(task_handle, every_kind_of_result_arrives) {
    const auto main = []() -> weft::task<> {
        int i = 1;
        const auto reference = [](int& r) -> weft::task<int&> { co_return r; };
        EXPECT_EQ(&co_await weft::create_task(reference(i)), &i);
        const auto pointer = []() -> weft::task<std::unique_ptr<int>> { co_return std::make_unique<int>(2); };
        auto h = weft::create_task(pointer());
        EXPECT_EQ(*co_await std::move(h), 2);
        const auto nothing = []() -> weft::task<> { co_return; };
        co_await weft::create_task(nothing());
    };
    run(main());
}

TEST_F(task_handle, is_awaited_by_several) {
    const auto main = []() -> weft::task<int> {
        const auto h = weft::create_task(number_after(1s, 3));
        const auto adds = [](weft::task_handle<int> awaited) -> weft::task<int> { co_return 1 + co_await awaited; };
        const auto a = weft::create_task(adds(h)), b = weft::create_task(adds(h));
        co_return co_await a + co_await b + co_await h;
    };
    EXPECT_EQ(run(main()), 11);
}

TEST_F(task_handle, an_exception_reaches_everybody_who_awaits_it) {
    const auto main = []() -> weft::task<int> {
        const auto h = weft::create_task(fails_after(1s, "no"));
        int seen = 0;
        for (int i = 0; i < 2; ++i) {
            try {
                co_await h;
            } catch (const std::runtime_error&) {
                ++seen;
            }
        }
        co_return seen;
    };
    EXPECT_EQ(run(main()), 2);
    EXPECT_EQ(reports, "");
}

TEST_F(task_handle, a_result_whose_move_throws_fails_the_task) {
    struct angry {
        angry() = default;
        angry(angry&& o) : moves(o.moves + 1) {
            if (moves > 1) throw std::runtime_error("moved once too often");
        }
        int moves = 0;
    };
    const auto body = []() -> weft::task<angry> { co_return angry(); };
    const auto h = weft::create_task_on(*loop, body());
    loop->run_once();
    ASSERT_TRUE(h.done());
    EXPECT_EQ(weft::describe_exception(h.exception()), "std::runtime_error: moved once too often");
}

TEST_F(task_handle, done_callbacks_get_the_future) {
    int got = 0;
    const auto h = weft::create_task_on(*loop, number_after(1s, 5));
    h.add_done_callback([&](const weft::future<int>& f) { got = f.result(); });
    loop->run_until(h.state());
    loop->run_once();
    EXPECT_EQ(got, 5);
}

// What is kept alive

TEST_F(task_handle, a_callable_and_its_arguments_live_as_long_as_the_task) {
    const auto main = []() -> weft::task<std::string> {
        const std::string captured = "a capture too long to be stored in place";
        auto h = weft::create_task(
            [captured](const std::string& argument) -> weft::task<std::string> {
                co_await weft::sleep(1s);
                co_return captured + ", " + argument;
            },
            std::string("an argument too long to be stored in place"));
        // the lambda and the argument are gone by now, but for the task's own
        co_return co_await h;
    };
    EXPECT_EQ(run(main()), "a capture too long to be stored in place, an argument too long to be stored in place");
}

TEST_F(task_handle, arguments_are_copied_unless_wrapped_in_ref) {
    const auto main = []() -> weft::task<int> {
        int copied = 1, referred = 1;
        const auto adds = [](int& by_reference, int by_value, std::unique_ptr<int> moved) -> weft::task<int> {
            by_reference += 10;
            co_return by_value + *moved;
        };
        const auto h = weft::create_task(adds, std::ref(referred), copied, std::make_unique<int>(5));
        copied = 100;
        EXPECT_EQ(co_await h, 6);
        co_return referred;
    };
    EXPECT_EQ(run(main()), 11);
}

TEST_F(task_handle, what_an_argument_is_converted_to_lives_as_long_as_the_task) {
    const auto main = []() -> weft::task<std::string> {
        const auto body = [](const std::string& text) -> weft::task<std::string> {
            co_await weft::sleep(1s);
            co_return text;
        };
        co_return co_await weft::create_task(body, "a literal too long to be stored in place");
    };
    EXPECT_EQ(run(main()), "a literal too long to be stored in place");
}

TEST_F(task_handle, member_functions_are_callables) {
    struct counter {
        int count = 0;
        weft::task<int> add(int i) {
            co_await weft::sleep(1s);
            co_return count += i;
        }
    };
    const auto main = []() -> weft::task<int> {
        counter c{40};
        co_await weft::create_task(&counter::add, &c, 1);
        co_await weft::create_task(&counter::add, std::ref(c), 1);
        co_await weft::create_task(&counter::add, c, 1000);  // a copy
        co_return c.count;
    };
    EXPECT_EQ(run(main()), 42);
}

TEST_F(task_handle, what_is_kept_goes_with_the_task) {
    const auto shared = std::make_shared<int>(1);
    const auto main = [](const std::shared_ptr<int>& p) -> weft::task<> {
        auto h = weft::create_task([p]() -> weft::task<> { co_await weft::sleep(1s); });
        co_await h;
        EXPECT_EQ(p.use_count(), 1);  // though the handle is still here
    };
    run(main(shared));
}

// What nobody awaits

TEST_F(task_handle, a_dropped_handle_leaves_the_task_to_the_loop) {
    const auto main = []() -> weft::task<int> {
        int done = 0;
        const auto body = [](int& d) -> weft::task<> {
            co_await weft::sleep(1s);
            ++d;
        };
        (void)weft::create_task(body(done));
        weft::spawn(body(done));
        weft::spawn(body, std::ref(done));
        co_await weft::sleep(2s);
        co_return done;
    };
    EXPECT_EQ(run(main()), 3);
}

TEST_F(task_handle, an_exception_nobody_retrieved_is_reported_when_the_last_handle_goes) {
    const auto main = [](const std::string& r) -> weft::task<> {
        auto h = weft::create_task(fails_after(1s, "unseen"), {.name = "loner"});
        co_await weft::sleep(2s);
        EXPECT_TRUE(h.done());
        EXPECT_EQ(r, "");
        h = weft::create_task(fails_after(1s, "detached"));
        EXPECT_EQ(r, "Task exception was never retrieved (loner): std::runtime_error: unseen\n");
        weft::spawn(fails_after(1s, "spawned"));
        h = weft::create_task([]() -> weft::task<> { co_return; });
        co_await weft::sleep(2s);
    };
    run(main(reports));
    EXPECT_NE(reports.find("(Task-3): std::runtime_error: detached\n"), std::string::npos) << reports;
    EXPECT_NE(reports.find("(Task-4): std::runtime_error: spawned\n"), std::string::npos) << reports;
}

TEST_F(task_handle, an_exception_nobody_retrieved_is_reported_when_the_loop_closes) {
    const auto h = weft::create_task_on(*loop, fails_after(1s, "unseen"));
    loop->run_until(h.state());
    EXPECT_EQ(reports, "");
    loop->close();
    EXPECT_EQ(reports, "Task exception was never retrieved (Task-1): std::runtime_error: unseen\n");
}

TEST_F(task_handle, a_report_says_where_the_task_was_created) {
    std::vector<std::uint32_t> lines;
    std::string file, function;
    loop->set_exception_handler([&](weft::event_loop&, const weft::error_context& report) {
        lines.push_back(report.created_at ? report.created_at->line : 0);
        if (!report.created_at) return;
        file = report.created_at->file;
        function = report.created_at->function;
    });
    const std::uint32_t here = std::source_location::current().line();
    const auto creates = [](bool waits) -> weft::task<> {
        const auto body = [](bool w, int, int) -> weft::task<> {
            if (w) co_await weft::sleep(1h);
            throw std::runtime_error("unseen");
        };
        weft::spawn(body(waits, 0, 0));
        weft::spawn(body(waits, 0, 0), {.name = "named"});
        (void)weft::create_task(body(waits, 0, 0));
        (void)weft::create_task([=] { return body(waits, 0, 0); });
        (void)weft::create_task([=](int a) { return body(waits, a, 0); }, 1);
        (void)weft::create_task([=](int a, int b) { return body(waits, a, b); }, 1, 2);
        (void)weft::create_task(body, waits, 1, 2);  // not known
        co_await weft::sleep(1s);
    };
    const std::vector<std::uint32_t> expected{here + 6, here + 7, here + 8, here + 9, here + 10, here + 11, 0};
    run(creates(false));
    EXPECT_EQ(lines, expected);
    EXPECT_TRUE(file.ends_with("task_handle_test.cpp")) << file;
    EXPECT_NE(function, "");

    lines.clear();
    run(creates(true));
    loop->close();  // destroys those that are pending
    std::ranges::sort(lines);
    EXPECT_EQ(lines, (std::vector<std::uint32_t>{0, here + 6, here + 7, here + 8, here + 9, here + 10, here + 11}));
}

TEST_F(task_handle, a_handle_outlives_its_loop) {
    const auto finished = weft::create_task_on(*loop, number_after(1s, 4));
    const auto pending = weft::create_task_on(*loop, number_after(2s, 5), {.name = "late"});
    loop->run_until(finished.state());
    loop.reset();
    EXPECT_EQ(reports, "Task was destroyed but it is pending (late): no exception\n");
    EXPECT_EQ(finished.result(), 4);
    EXPECT_FALSE(pending.done());
    EXPECT_FALSE(pending.cancel());
    EXPECT_EQ(pending.name(), "late");
    EXPECT_TRUE(pending.stack().empty());
}

TEST_F(task_handle, of_nothing_is_refused) {
    auto t = number_after(1s, 1);
    const auto other = std::move(t);
    EXPECT_THROW((void)weft::create_task_on(*loop, std::move(t)), weft::invalid_state_error);
}

TEST_F(task_handle, its_stack_is_where_it_stands_outermost_first) {
    const auto outer = []() -> weft::task<int> { co_return co_await number_after(1s, 1); };
    const auto h = weft::create_task_on(*loop, outer());
    ASSERT_EQ(h.stack().size(), 1u);  // it has not run yet
    loop->run_once();
    ASSERT_EQ(h.stack().size(), 2u);
    EXPECT_EQ(h.stack()[1].function, "number_after");
    EXPECT_TRUE(h.stack()[1].file.ends_with("task_handle_test.cpp"));
    testing::internal::CaptureStderr();
    h.print_stack();
    const std::string printed = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(printed.starts_with("Stack for Task-1 (innermost await last):\n  File \"")) << printed;
    EXPECT_TRUE(printed.ends_with("in number_after\n")) << printed;
    loop->run_until(h.state());
    EXPECT_TRUE(h.stack().empty());
}

}  // namespace
