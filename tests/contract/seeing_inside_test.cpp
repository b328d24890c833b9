// SPDX-License-Identifier: Apache-2.0
// What the public surface says of a running program, as a program outside would ask: nothing but the umbrella header.
#include "contract/connected.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <source_location>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t line(std::source_location here = std::source_location::current()) { return here.line(); }

// Where a task stands

constexpr std::uint32_t inner_waits = line() + 2;
weft::task<int> inner(weft::event& go) {
    co_await go.wait();
    co_return 1;
}
constexpr std::uint32_t outer_waits = line() + 1;
weft::task<int> outer(weft::event& go) { co_return 1 + co_await inner(go); }

weft::task<> stacks() {
    weft::event go;
    weft::task_handle<int> handle = weft::create_task(outer(go), {.name = "waits for go"});
    EXPECT_EQ(weft::capture_stack(handle).back().function, "outer");  // it has not begun
    co_await weft::yield_now();

    const std::vector<weft::stack_frame> frames = weft::capture_stack(handle);
    EXPECT_EQ(frames.size(), 2u);
    const auto& [function, file, number] = frames.front();
    EXPECT_EQ(function, "outer");
    EXPECT_EQ(std::filesystem::path(file).filename(), "seeing_inside_test.cpp");
    EXPECT_EQ(number, outer_waits);
    EXPECT_EQ(frames.back().function, "inner");  // the innermost last
    EXPECT_EQ(frames.back().line, inner_waits);

    std::vector<std::string> names;
    for (const auto& t : weft::all_tasks()) {
        names.push_back(t.name());
        EXPECT_FALSE(weft::capture_stack(t).empty());
    }
    EXPECT_EQ(std::ranges::count(names, "waits for go"), 1);
    EXPECT_EQ(weft::capture_stack().back().function, "stacks");  // who asks
    EXPECT_EQ(weft::capture_stack(weft::current_task()).back().function, "stacks");

    go.set();
    EXPECT_EQ(co_await handle, 2);
    EXPECT_TRUE(weft::capture_stack(handle).empty());
}

TEST(contract, stacks) { weft::testing::run(stacks()); }

TEST(contract, where_coroutines_stand_without_a_loop) {
    const auto count = []() -> weft::generator<int> {
        co_yield 1;
        co_yield 2;
    };
    auto g = count();
    g.next();
    const auto first = g.where().line();
    g.next();
    EXPECT_EQ(g.where().line(), first + 1);
}

// Where an exception came from

constexpr std::uint32_t fails_at = line() + 2;
weft::task<> fails() {
    co_await weft::sleep(1ms);
    throw std::runtime_error("no tea");
}
constexpr std::uint32_t passes_at = line() + 1;
weft::task<> passes() { co_await fails(); }

std::size_t place(const std::string& text, const std::string& of, std::size_t from = 0) {
    const std::size_t at = text.find(of, from);
    EXPECT_NE(at, std::string::npos) << of << " is not in\n" << text;
    return at == std::string::npos ? 0 : at;
}

/// A traceback through passes() and fails(), the oldest call first.
void expect_traceback(const std::string& text) {
    const std::string file = "seeing_inside_test.cpp\", line ";
    std::size_t at = place(text, "Traceback (most recent call last):\n");
    at = place(text, file + std::to_string(passes_at) + ", in passes", at);
    at = place(text, file + std::to_string(fails_at) + ", in fails", at);
    place(text, "std::runtime_error: no tea\n", at);
}

TEST(contract, tracebacks) {
    const auto caught = []() -> weft::task<std::exception_ptr> {
        const weft::outcome<void> o = co_await weft::try_(passes());
        co_return o.exception();
    };
    const std::exception_ptr error = weft::testing::run(caught());
    expect_traceback(weft::format_exception(error));
    const auto frames = weft::traceback_of(error);
    EXPECT_EQ(std::ranges::count(frames, "fails", &weft::traced_frame::function), 1);
    EXPECT_EQ(weft::format_exception(std::make_exception_ptr(std::logic_error("thrown nowhere"))),
              "std::logic_error: thrown nowhere\n");
    ::testing::internal::CaptureStderr();
    weft::print_exception(error);
    expect_traceback(::testing::internal::GetCapturedStderr());
}

TEST(contract, what_reaches_the_loop_unhandled_is_printed_so) {
    ::testing::internal::CaptureStderr();
    weft::testing::run([]() -> weft::task<> {
        weft::spawn(passes());
        co_await weft::sleep(1s);
    }());
    expect_traceback(::testing::internal::GetCapturedStderr());
}

TEST(contract, a_handler_of_ones_own_has_the_exception) {
    std::string told;
    weft::testing::run([](std::string& to) -> weft::task<> {
        weft::get_running_loop().set_exception_handler(
            [&to](weft::event_loop&, const weft::error_context& c) { to = weft::format_exception(c.exception); });
        weft::spawn(passes());
        co_await weft::sleep(1s);
    }(told));
    expect_traceback(told);
}

// What all tasks wait for, as `weft ps` has it

weft::task<> joins(const weft::future<weft::task_handle<>>& other) {
    const weft::task_handle<> h = co_await other;
    co_await h;
}

const weft::task_snapshot& named(const weft::process_snapshot& p, std::string_view name) {
    for (const auto& loop : p.loops) {
        for (const auto& t : loop.tasks) {
            if (t.name == name) return t;
        }
    }
    throw std::out_of_range(std::string(name));
}

weft::task<> snapshots() {
    const weft::future<weft::task_handle<>> first, second;
    auto a = weft::create_task(joins(second), {.name = "A"});
    auto b = weft::create_task(joins(first), {.name = "B"});
    auto sleeper = weft::create_task(weft::sleep(1h), {.name = "sleeper"});
    first.set_result(a);
    second.set_result(b);
    for (int i = 0; i < 3; ++i) co_await weft::yield_now();

    weft::process_snapshot now = weft::snapshot_process(::getpid());
    EXPECT_EQ(now.pid, ::getpid());
    const std::vector<weft::finding> wrong = weft::diagnose(now);
    const auto circle = std::ranges::find(wrong, weft::finding::what::deadlock, &weft::finding::is);
    if (circle == wrong.end()) throw std::runtime_error("the circle was not seen");
    EXPECT_EQ(circle->tasks.size(), 2u);
    place(circle->text, "A");
    place(circle->text, "B");

    const weft::task_snapshot& stuck = named(now, "A");
    EXPECT_EQ(stuck.activity, weft::task_activity::blocked);
    EXPECT_EQ(stuck.stack.back().function, "joins");
    EXPECT_EQ(stuck.wait.tasks, std::vector{named(now, "B").address});
    EXPECT_EQ(named(now, "sleeper").wait.kind, "sleep");
    EXPECT_EQ(named(now, "sleeper").activity, weft::task_activity::waiting);
    a.cancel();
    (void)co_await weft::gather_settled(a, b);
    sleeper.cancel();
}

TEST(contract, snapshots) { weft::testing::run(snapshots()); }

// What a loop does

weft::task<> numbers(const weft_contract::folder& own) {
    weft::flight_recorder recorder(64 * 1024);
    auto sleeper = weft::create_task(weft::sleep(1h));
    co_await weft::sleep(1s);
    const weft::loop_metrics m = weft::capture_metrics();
    EXPECT_EQ(m.loop, "main");
    EXPECT_EQ(m.tasks, 2u);
    EXPECT_EQ(m.timers, 1u);
    EXPECT_GT(m.iterations, 0u);
    EXPECT_GT(m.steps, 0u);
    EXPECT_GT(m.lag.count(), 0u);
    EXPECT_GE(m.lag.quantile(0.99), 0ns);
    const std::vector<weft::loop_metrics> all{m, weft::capture_metrics(weft::get_running_loop(), "other")};
    const std::string text = weft::prometheus_text(all);
    place(text, "loop=\"main\"");
    place(text, "loop=\"other\"");

    std::ostringstream trace;
    recorder.write(trace);
    recorder.write_file(own / "now.json", 1min);
    EXPECT_TRUE(std::filesystem::exists(own / "now.json"));
    place(trace.str(), "traceEvents");
    EXPECT_GT(recorder.recorded(), 0u);
    recorder.write_when_slow(own / "slow.json", 1s);
    recorder.write_on_signal(SIGUSR2,
                             own / "signal.json");  // from here on time passes as in the world: a signal may come
    sleeper.cancel();
}

TEST(contract, numbers) {
    const weft_contract::folder own;
    weft::testing::run(numbers(own));
}

}  // namespace
