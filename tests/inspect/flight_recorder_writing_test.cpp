// SPDX-License-Identifier: Apache-2.0
// When a flight recorder writes, where to, and how much.
#include "inspect/recorded.hpp"

#include <weft/weft.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;

namespace {

using ::testing::HasSubstr;
using weft::task;
using weft_test::those;

class flight_recorder_writing : public weft_test::recorded {};

TEST_F(flight_recorder_writing, writes_the_last_seconds_if_that_is_wanted) {
    weft::flight_recorder recorder(loop_);
    run([]() -> task<> {
        for (int i = 0; i < 100; ++i) co_await weft::sleep(1s);
    }());
    EXPECT_EQ(those(trace(recorder), 'b', "wait").size(), 100u);
    EXPECT_EQ(those(trace(recorder, 9500ms), 'b', "wait").size(), 9u);
    EXPECT_EQ(those(trace(recorder, 0s), 'b', "wait").size(), 0u);
}

TEST_F(flight_recorder_writing, writes_when_a_signal_arrives) {
    weft::flight_recorder recorder(loop_);
    recorder.write_on_signal(SIGUSR2, folder_ / "signal.json");
    run([]() -> task<> {
        co_await weft::sleep(1ms);  // real ones: a signal may come at any time
        ::kill(::getpid(), SIGUSR2);
        co_await weft::sleep(1ms);
        co_await weft::sleep(1ms);
    }());
    EXPECT_GE(those(weft_test::read_trace(folder_ / "signal.json"), 'b', "wait", "sleep").size(), 1u);
    EXPECT_EQ(those(trace(recorder), 'X', "recorder", "write a trace").size(), 1u) << "what that took is seen later";
}

TEST_F(flight_recorder_writing, gives_the_signal_back_unless_it_has_gone_to_somebody_else) {
    {
        weft::flight_recorder recorder(loop_);
        recorder.write_on_signal(SIGUSR1, folder_ / "a.json");
        recorder.write_on_signal(SIGUSR2, folder_ / "a.json");
        loop_.add_signal_handler(SIGUSR1, [] {});
    }
    EXPECT_TRUE(loop_.remove_signal_handler(SIGUSR1)) << "it is not the recorder's any more";
    EXPECT_FALSE(loop_.remove_signal_handler(SIGUSR2));
}

task<> is_slow(weft_test::busy_clock& clock, std::chrono::nanoseconds work) {
    co_await weft::yield_now();
    clock.spend(work);
    co_await weft::yield_now();
}

TEST_F(flight_recorder_writing, writes_what_led_to_a_slow_step) {
    weft::flight_recorder recorder(loop_);
    recorder.write_when_slow(folder_ / "slow.json");
    run(is_slow(clock_, 99ms));
    EXPECT_NE(::access((folder_ / "slow.json").c_str(), F_OK), 0) << "slow_callback_duration is 100 ms";
    run(is_slow(clock_, 100ms));
    const auto steps = those(weft_test::read_trace(folder_ / "slow.json"), 'X', "task", "is_slow");
    ASSERT_FALSE(steps.empty());
    EXPECT_EQ(steps.back().took_ns, 100'000'000) << "it is the last there is";
}

TEST_F(flight_recorder_writing, slow_steps_are_written_once_in_a_while) {
    loop_.slow_callback_duration = 10ms;
    weft::flight_recorder recorder(loop_);
    recorder.write_when_slow(folder_ / "slow.json", 1min);
    const auto last_written = [&] {
        return those(weft_test::read_trace(folder_ / "slow.json"), 'X', "task", "is_slow").back().took_ns;
    };
    run(is_slow(clock_, 11ms));
    run(is_slow(clock_, 12ms));
    EXPECT_EQ(last_written(), 11'000'000);
    run(weft::to_task(weft::sleep(1min)));
    run(is_slow(clock_, 13ms));
    EXPECT_EQ(last_written(), 13'000'000);
}

TEST_F(flight_recorder_writing, beside_debug_mode_both_do_their_work) {
    loop_.set_debug(true);
    loop_.slow_callback_duration = 1min;
    weft::flight_recorder recorder(loop_);
    run(is_slow(clock_, 1ms));
    loop_.set_debug(false);
    run(is_slow(clock_, 1ms));
    EXPECT_EQ(those(trace(recorder), 'X', "task", "is_slow").size(), 6u);
}

TEST_F(flight_recorder_writing, a_file_that_cannot_be_written_is_an_error_with_its_name) {
    weft::flight_recorder recorder(loop_);
    try {
        recorder.write_file(folder_ / "nowhere/trace.json");
        FAIL();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
        EXPECT_THAT(e.what(), HasSubstr("nowhere/trace.json"));
    }
}

TEST_F(flight_recorder_writing, the_exception_handler_hears_of_a_trace_that_could_not_be_written) {
    std::vector<std::string> reports;
    loop_.set_exception_handler([&](weft::event_loop&, const weft::error_context& c) { reports.push_back(c.message); });
    weft::flight_recorder recorder(loop_);
    recorder.write_when_slow(folder_ / "nowhere/slow.json");
    run(is_slow(clock_, 1s));
    EXPECT_EQ(reports, std::vector<std::string>{"A step was slow, and its trace could not be written"});
}

TEST_F(flight_recorder_writing, writes_to_a_stream_what_it_writes_to_a_file) {
    weft::flight_recorder recorder(loop_);
    run(is_slow(clock_, 1ms));
    std::ostringstream out;
    recorder.write(out);
    EXPECT_TRUE(out.str().starts_with("{"));
    EXPECT_TRUE(out.str().ends_with("}\n"));
    EXPECT_THAT(out.str(), HasSubstr("is_slow"));
}

}  // namespace
