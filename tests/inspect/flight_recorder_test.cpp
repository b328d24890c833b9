// SPDX-License-Identifier: Apache-2.0
#include "inspect/recorded.hpp"

#include <weft/weft.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using weft::task;
using weft_test::those;
using weft_test::trace_event;

class flight_recorder : public weft_test::recorded {};

task<> works_and_sleeps(weft_test::busy_clock& clock) {
    clock.spend(2ms);
    co_await weft::sleep(1s);
    clock.spend(3ms);
}

TEST_F(flight_recorder, shows_the_steps_of_a_task_and_what_it_waited_for_between_them) {
    weft::flight_recorder recorder(loop_);
    run(works_and_sleeps(clock_));
    const auto events = trace(recorder);

    const auto steps = those(events, 'X', "task", "works_and_sleeps");
    ASSERT_EQ(steps.size(), 2u);
    EXPECT_EQ(steps[0].took_ns, 2'000'000);
    EXPECT_EQ(steps[1].took_ns, 3'000'000);
    EXPECT_EQ(steps[1].when_ns - steps[0].end_ns(), 1'000'000'000);
    EXPECT_EQ(steps[0].arguments.at("task"), "Task-1");
    EXPECT_THAT(steps[0].arguments.at("then at"), HasSubstr("flight_recorder_test.cpp:"));
    EXPECT_EQ(steps[1].arguments.at("resumed at"), steps[0].arguments.at("then at"));
    EXPECT_EQ(steps[1].arguments.at("then"), "it has ended");

    const auto begun = those(events, 'b', "wait"), ended = those(events, 'e', "wait");
    ASSERT_EQ(begun.size(), 1u);
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(begun[0].name, "sleep");
    EXPECT_EQ(ended[0].name, "sleep");
    EXPECT_EQ(begun[0].id, ended[0].id);
    EXPECT_EQ(begun[0].when_ns, steps[0].end_ns());
    EXPECT_EQ(ended[0].when_ns, steps[1].when_ns);
    EXPECT_EQ(begun[0].arguments.at("at"), steps[0].arguments.at("then at"));
    EXPECT_EQ(ended[0].arguments.at("woken by"), "the loop");
}

TEST_F(flight_recorder, shows_turns_around_their_steps_and_the_waits_between_turns) {
    weft::flight_recorder recorder(loop_);
    run(works_and_sleeps(clock_));
    const auto events = trace(recorder);
    const auto turns = those(events, 'X', "loop", "turn"), waits = those(events, 'X', "loop", "wait for the kernel");
    const auto steps = those(events, 'X', "task");
    ASSERT_EQ(turns.size(), 2u);
    ASSERT_EQ(waits.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_LE(turns[i].when_ns, steps[i].when_ns);
        EXPECT_GE(turns[i].end_ns(), steps[i].end_ns());
        EXPECT_EQ(turns[i].arguments.at("steps"), "1");
        EXPECT_EQ(waits[i].end_ns(), turns[i].when_ns);
    }
    EXPECT_EQ(waits[1].took_ns, 1'000'000'000);
}

TEST_F(flight_recorder, shows_who_woke_whom_by_an_arrow_between_their_steps) {
    weft::flight_recorder recorder(loop_);
    run([]() -> task<> {
        weft::event bell;
        const auto waits = weft::create_task([](weft::event& b) -> task<> { co_await b.wait(); }, std::ref(bell));
        co_await weft::sleep(1s);
        bell.set();
        co_await waits;
    }());
    const auto events = trace(recorder);
    const auto waits = those(events, 'e', "wait", "event");
    ASSERT_EQ(waits.size(), 1u);
    EXPECT_EQ(waits[0].arguments.at("woken by"), "Task-1");
    const auto from = those(events, 's', "wake"), to = those(events, 'f', "wake");
    ASSERT_EQ(from.size(), 3u) << "main makes the task, wakes it, and is woken when it has ended";
    ASSERT_EQ(to.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_LE(from[i].when_ns, to[i].when_ns);
    EXPECT_EQ(from[1].id, to[1].id);
    EXPECT_NE(from[0].id, from[1].id);
    EXPECT_EQ(from[1].when_ns, waits[0].when_ns);
}

TEST_F(flight_recorder, draws_no_arrow_from_the_step_that_it_was_made_in_which_has_no_slice) {
    std::optional<weft::flight_recorder> recorder;
    run([](auto& made) -> task<> {
        made.emplace();
        co_await weft::create_task(weft::sleep(1s));
    }(recorder));
    const auto events = trace(*recorder);
    const auto from = those(events, 's', "wake"), to = those(events, 'f', "wake");
    ASSERT_EQ(from.size(), 1u) << "the task that ends wakes main; that main has made it is not to be seen";
    ASSERT_EQ(to.size(), 1u);
    EXPECT_EQ(from[0].id, to[0].id);
    bool is_in_a_step = false;
    for (const auto& e : those(events, 'X', "task"))
        is_in_a_step |= e.when_ns <= from[0].when_ns && from[0].when_ns <= e.end_ns();
    EXPECT_TRUE(is_in_a_step);
}

TEST_F(flight_recorder, shows_callbacks_and_tasks_that_wait_for_what_it_knows_nothing_of) {
    weft::flight_recorder recorder(loop_);
    run([](weft_test::busy_clock& clock) -> task<> {
        weft::event_loop& loop = weft::get_running_loop();
        loop.call_soon([&] { clock.spend(5ms); });
        // Another library's awaiter, which goes on in a thread of its own.
        struct foreign {
            bool await_ready() const { return false; }
            void await_suspend(std::coroutine_handle<> h) {
                thread = std::thread([h] { h.resume(); });
            }
            void await_resume() { thread.join(); }
            std::thread thread;
        };
        loop.expect_from_elsewhere(1);
        co_await foreign();
        loop.expect_from_elsewhere(-1);
    }(clock_));
    const auto events = trace(recorder);
    const auto callbacks = those(events, 'X', "callback");
    ASSERT_FALSE(callbacks.empty());
    EXPECT_EQ(callbacks[0].took_ns, 5'000'000);
    EXPECT_EQ(those(events, 'X', "task").size(), 2u);
}

TEST_F(flight_recorder, shows_the_operations_of_the_kernel_and_what_they_brought) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const weft::unique_fd reads(ends[0]), writes(ends[1]);
    weft::flight_recorder recorder(loop_);
    run([](int in, int out) -> task<> {
        weft::event_loop& loop = weft::get_running_loop();
        const weft::future<> readable;
        loop.add_reader(in, [&] {
            if (!readable.done()) readable.set_result();
        });
        EXPECT_EQ(::write(out, "x", 1), 1);
        co_await readable;
        loop.remove_reader(in);
    }(reads.get(), writes.get()));
    const auto events = trace(recorder);
    const auto begun = those(events, 'b', "operation", "poll"), ended = those(events, 'e', "operation", "poll");
    ASSERT_GE(begun.size(), 1u);
    ASSERT_EQ(begun.size(), ended.size());
    EXPECT_EQ(begun[0].arguments.at("descriptor"), std::to_string(reads.get()));
    EXPECT_EQ(begun[0].id, ended[0].id);
    EXPECT_NE(ended[0].arguments.at("result"), "cancelled");
    EXPECT_EQ(ended.back().arguments.at("result"), "cancelled") << "by remove_reader()";
}

TEST_F(flight_recorder, a_connection_is_accepted_and_read_from_by_operations) {
    weft::flight_recorder recorder(loop_);
    run([]() -> task<> {
        auto server = co_await weft::start_server(
            [](weft::stream s) -> task<> {
                while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
            },
            "127.0.0.1", 0);
        auto s = co_await weft::open_connection("127.0.0.1", server.port());
        co_await s.write("hello\n");
        EXPECT_EQ(co_await s.read_line(), "hello");
        co_await s.close();
        server.close();
        co_await server.wait_closed();
    }());
    const auto events = trace(recorder);
    EXPECT_FALSE(those(events, 'n', "operation", "accept").empty());
    const auto connected = those(events, 'e', "operation", "connect");
    ASSERT_EQ(connected.size(), 1u);
    EXPECT_EQ(connected[0].arguments.at("result"), "0");
    bool received = false;
    for (const auto& e : those(events, 'n', "operation", "receive")) received |= e.arguments.at("result") == "6";
    EXPECT_TRUE(received);
    std::size_t reading = 0;
    for (const auto& e : those(events, 'b', "wait")) reading += e.name.contains("read");
    EXPECT_GE(reading, 2u);
}

TEST_F(flight_recorder, escapes_the_names_of_tasks) {
    weft::flight_recorder recorder(loop_);
    std::vector<trace_event> events;
    run([](auto write) -> task<> {
        const auto t = weft::create_task(weft::sleep(1h), {.name = "a \"name\"\nof \\ two lines \xff"});
        co_await weft::yield_now();
        write();
        t.cancel();
        co_await weft::wait({t});
    }([&] { events = trace(recorder); }));
    std::vector<std::string> names;
    for (const auto& e : those(events, 'b', "wait")) names.push_back(e.arguments.at("task"));
    EXPECT_THAT(names, ::testing::Contains("a \"name\"\\nof \\ two lines \xef\xbf\xbd"));
}

TEST_F(flight_recorder, tasks_that_have_ended_keep_their_names_as_far_as_there_is_room) {
    const std::string long_name = "a name of more than sixty-four bytes, of which no more than those are kept by it";
    weft::flight_recorder recorder(loop_);
    run([](std::string name) -> task<> {
        const std::vector tasks{weft::create_task(weft::sleep(1s), {.name = "short"}),
                                weft::create_task(weft::sleep(1s), {.name = "of eight"}),
                                weft::create_task(weft::sleep(1s), {.name = std::move(name)}),
                                weft::create_task(weft::sleep(1s))};
        co_await weft::wait(tasks);
    }(long_name));
    std::vector<std::string> names;
    for (const auto& e : those(trace(recorder), 'b', "wait", "sleep")) names.push_back(e.arguments.at("task"));
    EXPECT_THAT(names, ::testing::ElementsAre("short", "of eight", long_name.substr(0, 64), "Task-5"));
}

TEST_F(flight_recorder, calls_a_task_by_the_function_that_it_was_given) {
    weft::flight_recorder recorder(loop_);
    std::vector<trace_event> events;
    run([](auto write, weft_test::busy_clock& clock) -> task<> {
        const auto t = weft::create_task(works_and_sleeps, std::ref(clock));
        co_await weft::yield_now();
        co_await weft::yield_now();
        write();
        co_await t;
    }([&] { events = trace(recorder); }, clock_));
    EXPECT_EQ(those(events, 'X', "task", "works_and_sleeps").size(), 1u);
}

TEST_F(flight_recorder, an_eager_task_waits_from_its_creation_on) {
    weft::flight_recorder recorder(loop_);
    run([](weft_test::busy_clock& clock) -> task<> {
        co_await weft::create_task(works_and_sleeps(clock), {.eager_start = true});
        co_await weft::create_task([]() -> task<> { co_return; }(), {.eager_start = true});
    }(clock_));
    const auto begun = those(trace(recorder), 'b', "wait", "sleep"),
               ended = those(trace(recorder), 'e', "wait", "sleep");
    ASSERT_EQ(begun.size(), 1u);
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].when_ns - begun[0].when_ns, 1'000'000'000);
}

TEST_F(flight_recorder, keeps_the_last_of_what_there_is_room_for) {
    weft::flight_recorder recorder(loop_, 32 * 100);
    EXPECT_EQ(recorder.capacity(), 100u);
    run([]() -> task<> {
        for (int i = 0; i < 1000; ++i) co_await weft::sleep(1s);
    }());
    EXPECT_GT(recorder.recorded(), 3000u);
    const auto events = trace(recorder);
    EXPECT_LE(events.size(), 300u);
    const auto waits = those(events, 'e', "wait");
    ASSERT_GE(waits.size(), 10u);
    EXPECT_GE(waits.front().when_ns, (1000 - 100) * 1'000'000'000ll);
}

// Misuse

TEST_F(flight_recorder, a_loop_has_one_at_a_time) {
    std::optional<weft::flight_recorder> first(std::in_place, loop_);
    EXPECT_THROW(weft::flight_recorder second(loop_), weft::invalid_state_error);
    first.reset();
    EXPECT_NO_THROW(weft::flight_recorder second(loop_));
}

TEST_F(flight_recorder, a_closed_loop_has_none) {
    loop_.close();
    EXPECT_THROW(weft::flight_recorder recorder(loop_), weft::invalid_state_error);
    EXPECT_THROW(weft::flight_recorder(), weft::no_running_loop_error);
}

TEST_F(flight_recorder, outlives_its_loop_and_still_writes) {
    auto busy = std::make_unique<weft_test::busy_loop>();
    weft::flight_recorder recorder(busy->loop);
    busy->loop.run_until_complete(works_and_sleeps(busy->clock));
    recorder.write_on_signal(SIGUSR2, folder_ / "a.json");
    busy.reset();
    EXPECT_EQ(those(trace(recorder), 'X', "task", "works_and_sleeps").size(), 2u);
    EXPECT_THROW(recorder.write_on_signal(SIGUSR2, "b"), weft::invalid_state_error);
}

// While things come and go

TEST_F(flight_recorder, comes_and_goes_within_a_step) {
    run([](weft_test::busy_clock& clock) -> task<> {
        for (int i = 0; i < 3; ++i) {
            const weft::flight_recorder recorder;
            EXPECT_EQ(recorder.recorded(), 0u);
            clock.spend(1ms);
            co_await weft::sleep(1s);
            EXPECT_GT(recorder.recorded(), 0u);
        }
        {
            const weft::flight_recorder recorder;
        }
        const weft::flight_recorder in_the_same_step;
        co_await weft::sleep(1s);
    }(clock_));
}

TEST_F(flight_recorder, goes_with_the_frame_that_it_is_in_when_the_loop_closes) {
    loop_.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const auto records = []() -> task<> {
        const weft::flight_recorder recorder;
        co_await weft::sleep(1h);
    };
    (void)weft::create_task_on(loop_, records());
    loop_.run_once(loop_.time());
    loop_.close();
}

TEST_F(flight_recorder, may_be_destroyed_by_whom_a_task_that_ends_is_reported_to) {
    std::optional<weft::flight_recorder> recorder(std::in_place, loop_);
    recorder->write_when_slow(folder_ / "slow.json");
    bool was_reported = false;
    loop_.set_exception_handler([&](weft::event_loop&, const weft::error_context&) {
        was_reported = true;
        recorder.reset();
    });
    run([](weft_test::busy_clock& clock) -> task<> {
        weft::spawn([](weft_test::busy_clock& c) -> task<> {
            co_await weft::yield_now();
            c.spend(1s);
            throw std::runtime_error("nobody hears of it");
        }(clock));
        co_await weft::sleep(2s);
    }(clock_));
    EXPECT_TRUE(was_reported);
    EXPECT_FALSE(recorder);
}

TEST_F(flight_recorder, is_moved_while_it_records) {
    weft::flight_recorder recorder(loop_);
    weft::flight_recorder moved = std::move(recorder);
    run(works_and_sleeps(clock_));
    EXPECT_EQ(those(trace(moved), 'X', "task", "works_and_sleeps").size(), 2u);
    EXPECT_THAT(those(trace(moved), 'M', "__metadata", "thread_name").at(0).arguments.at("name"),
                EndsWith(loop_.backend_name()));
}

TEST_F(flight_recorder, tasks_that_never_began_are_seen_to_end) {
    weft::flight_recorder recorder(loop_);
    run([]() -> task<> {
        const auto t = weft::create_task(weft::sleep(1h));
        t.cancel();
        co_await weft::wait({t});
    }());
    std::size_t ended = 0;
    for (const auto& e : those(trace(recorder), 'X', "task")) {
        if (e.arguments.contains("then")) ended += e.arguments.at("task") == "Task-2";
    }
    EXPECT_EQ(ended, 1u);
}

}  // namespace
