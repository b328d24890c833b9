// SPDX-License-Identifier: Apache-2.0
// The public surface for tests, as a program outside would use it: nothing but the umbrella header.
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

namespace {

weft::task<int> after_a_day() {
    co_await weft::sleep(24h);
    co_return 7;
}

TEST(contract, time_jumps) {
    const auto began = std::chrono::steady_clock::now();
    const auto day = []() -> weft::task<std::chrono::nanoseconds> {
        const auto from = weft::get_running_loop().time();
        EXPECT_EQ(co_await after_a_day(), 7);
        co_return weft::get_running_loop().time() - from;
    };
    EXPECT_EQ(weft::testing::run(day()), 24h);
    EXPECT_EQ(weft::testing::run(after_a_day()), 7);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 1h);
}

TEST(contract, virtual_runs_give_what_the_task_gives) {
    static int there = 5;
    int& same = weft::testing::run([]() -> weft::task<int&> { co_return there; }());
    EXPECT_EQ(&same, &there);
    EXPECT_EQ(*weft::testing::run([]() -> weft::task<std::unique_ptr<int>> { co_return std::make_unique<int>(6); }()),
              6);
    auto fails = []() -> weft::task<> {
        co_await weft::sleep(1h);
        throw std::runtime_error("late");
    };
    EXPECT_THROW(weft::testing::run(fails()), std::runtime_error);
}

// In which order what is ready runs

weft::task<std::string> order() {
    std::string log;
    const auto one = [](std::string& to, char name) -> weft::task<> {
        to += name;
        co_return;
    };
    {
        std::vector<weft::task_handle<>> all;
        for (const char name : std::string("abcdefgh")) all.push_back(weft::create_task(one(log, name)));
        co_await weft::gather(std::move(all));
    }
    co_return log;
}

TEST(contract, ready_tasks_run_in_order_unless_shuffled) {
    EXPECT_EQ(weft::testing::run(order()), "abcdefgh");
    std::set<std::string> orders;
    for (unsigned n = 0; n < 10; ++n) {
        const std::string shuffled = weft::testing::run(order(), {.seed = n});
        EXPECT_EQ(weft::testing::run(order(), {.seed = n}), shuffled);
        orders.insert(shuffled);
    }
    EXPECT_GT(orders.size(), 5u);
}

// What can never continue

weft::task<> waits_for_ever(weft::event& never) { co_await never.wait(); }

weft::task<> stuck() {
    weft::event never;
    auto other = weft::create_task(waits_for_ever(never), {.name = "the other one"});
    co_await other;
}

TEST(contract, a_run_that_cannot_continue) {
    try {
        weft::testing::run(stuck());
        FAIL() << "it came to an end";
    } catch (const weft::deadlock_error& e) {
        EXPECT_EQ(e.waiting().size(), 2u);
        const std::string what = e.what();
        for (const char* named : {"the other one", "waits_for_ever", "stuck", "virtual_time_test.cpp"}) {
            EXPECT_NE(what.find(named), std::string::npos) << named << " is not in " << what;
        }
    }
}

static_assert(std::is_same_v<weft::testing::deadlock_error, weft::deadlock_error>);

// What time does not jump over: each of these would be too late if it did

TEST(contract, pool_jobs_are_external) {
    weft::thread_pool pool(1);
    weft::testing::run([](weft::thread_pool& p) -> weft::task<> {
        EXPECT_EQ(co_await weft::wait_for(weft::to_thread([] { return 1; }), 1h), 1);
        EXPECT_EQ(co_await weft::wait_for(p.run([] { return 2; }), 1h), 2);
    }(pool));
}

TEST(contract, children_and_the_resolver_are_external) {
    weft::testing::run([]() -> weft::task<> {
        auto child = co_await weft::spawn_process({"true"});
        EXPECT_TRUE((co_await weft::wait_for(child.wait(), 1h)).success());
        const weft::address ftp{"127.0.0.1", 21};  // what its service is called is looked up
        const auto found = co_await weft::wait_for(weft::getnameinfo(ftp, {.numeric_host = true}), 1h);
        EXPECT_EQ(found.host, "127.0.0.1");
    }());
}

TEST(contract, foreign_descriptors_and_signals_are_external) {
    weft::testing::run([]() -> weft::task<> {
        weft::pipe_descriptors p = weft::make_pipe();
        weft::event readable;
        auto& loop = weft::get_running_loop();
        loop.add_reader(p.read_end.get(), [&] { readable.set(); });
        auto writes = weft::create_task(weft::to_thread([fd = p.write_end.get()] { return ::write(fd, "x", 1); }));
        co_await weft::wait_for(readable.wait(), 1h);
        loop.remove_reader(p.read_end.get());
        EXPECT_EQ(co_await writes, 1);

        weft::signal_stream signals(SIGUSR1);
        auto sends = weft::create_task(weft::to_thread([] { return ::kill(::getpid(), SIGUSR1); }));
        EXPECT_EQ(co_await weft::wait_for(signals.next(), 1h), SIGUSR1);
        co_await sends;
    }());
}

weft::task<> answers(weft::stream s) {
    while (auto said = co_await s.read_line()) {
        co_await weft::sleep(1h);
        co_await s.write(*said + "!\n");
    }
}

TEST(contract, sockets_whose_ends_are_both_here_are_not) {
    weft::testing::run([]() -> weft::task<> {
        auto server = co_await weft::start_server(answers, "127.0.0.1", 0);
        weft::stream s = co_await weft::open_connection("127.0.0.1", server.port());
        co_await s.write("hello\n");
        EXPECT_EQ(co_await s.read_line(), "hello!");
    }());
}

// Streams without the kernel

TEST(contract, memory_streams) {
    weft::testing::run([]() -> weft::task<> {
        auto [client, server] = weft::testing::memory_stream_pair();
        auto serving = weft::create_task(answers(std::move(server)));
        co_await client.write("hello\n");
        EXPECT_EQ(co_await client.read_line(), "hello!");
        co_await client.write_eof();
        EXPECT_EQ(co_await client.read_line(), std::nullopt);
        co_await serving;

        auto [a, b] = weft::memory_stream_pair({.limit = 16, .capacity = 100});
        a.set_write_buffer_limits(0);
        auto writes = weft::create_task(a.write(std::string(1000, 'x')));
        co_await weft::sleep(1h);
        EXPECT_FALSE(writes.done());  // nobody reads
        EXPECT_EQ(co_await b.read_exactly(1000), std::string(1000, 'x'));
        co_await writes;
        a.abort();
        EXPECT_THROW(co_await b.read_line(), std::system_error);
    }());
}

}  // namespace
