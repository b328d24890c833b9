// SPDX-License-Identifier: Apache-2.0
#include <weft/inspect/snapshot.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

/// This process, as another one would see it: all that is looked at is read by process_vm_readv.
weft::process_snapshot look(const weft::snapshot_options& options = {}) {
    return weft::snapshot_process(::getpid(), options);
}

const weft::loop_snapshot& own_loop(const weft::process_snapshot& p) {
    const auto address = reinterpret_cast<std::uint64_t>(&weft::get_running_loop());
    return *std::ranges::find(p.loops, address, &weft::loop_snapshot::address);
}

const weft::task_snapshot& named(const weft::process_snapshot& p, const char* name) {
    const auto& tasks = own_loop(p).tasks;
    const auto found = std::ranges::find(tasks, name, &weft::task_snapshot::name);
    if (found == tasks.end()) throw std::runtime_error(std::string("no task ") + name);
    return *found;
}

std::vector<std::string> functions_of(const weft::task_snapshot& t) {
    std::vector<std::string> all;
    for (const weft::stack_frame& f : t.stack) all.push_back(f.function);
    return all;
}

weft::task<> innermost() { co_await weft::sleep(1h); }
weft::task<> middle() { co_await innermost(); }
weft::task<> outermost() { co_await middle(); }

TEST(snapshot, shows_who_waits_for_what_and_where) {
    weft::testing::run([]() -> weft::task<> {
        const auto h = weft::create_task(outermost(), {.name = "sleeper"});
        co_await weft::sleep(1s);
        const weft::process_snapshot p = look();
        const weft::task_snapshot& t = named(p, "sleeper");
        EXPECT_EQ(t.activity, weft::task_activity::waiting);
        EXPECT_THAT(functions_of(t), ElementsAre(HasSubstr("outermost"), HasSubstr("middle"), HasSubstr("innermost")));
        EXPECT_THAT(t.stack.back().file, HasSubstr("snapshot_test.cpp"));
        EXPECT_GT(t.stack.back().line, 0u);
        EXPECT_EQ(t.wait.kind, "sleep");
        EXPECT_EQ(t.wait.ends_in, std::chrono::nanoseconds(1h - 1s).count());
        EXPECT_NEAR(static_cast<double>(t.since), 1e9, 2e7);
        EXPECT_THAT(t.created_at.value().file, HasSubstr("snapshot_test.cpp"));
        EXPECT_EQ(p.pid, ::getpid());
        EXPECT_TRUE(own_loop(p).is_virtual);
        EXPECT_FALSE(t.is_changing);
    }());
}

TEST(snapshot, shows_the_task_that_runs_and_those_that_are_ready) {
    weft::testing::run([]() -> weft::task<> {
        const auto idle = weft::create_task(weft::sleep(1h), {.name = "new"});
        const weft::process_snapshot p = look();
        EXPECT_EQ(named(p, "new").activity, weft::task_activity::ready);
        const auto running =
            std::ranges::find(own_loop(p).tasks, weft::task_activity::running, &weft::task_snapshot::activity);
        EXPECT_NE(running, own_loop(p).tasks.end());
        EXPECT_EQ(own_loop(p).activity, weft::loop_activity::running);
        EXPECT_EQ(own_loop(p).thread, static_cast<std::uint64_t>(::gettid()));
        co_return;
    }());
}

TEST(snapshot, knows_who_created_a_task) {
    weft::testing::run([]() -> weft::task<> {
        const auto h = weft::create_task(outermost(), {.name = "child"});
        const weft::process_snapshot p = look();
        EXPECT_EQ(named(p, "child").creator, weft::current_task_core().id());
        co_return;
    }());
}

TEST(snapshot, shows_the_tasks_that_a_join_a_gather_and_a_group_wait_for) {
    weft::testing::run([]() -> weft::task<> {
        const auto a = weft::create_task(outermost(), {.name = "a"}), b = weft::create_task(outermost(), {.name = "b"});
        const auto join = weft::create_task([](auto of) -> weft::task<> { co_await of; }(a), {.name = "join"});
        const auto gather = weft::create_task([](auto x, auto y) -> weft::task<> { co_await weft::gather(x, y); }(a, b),
                                              {.name = "gather"});
        const auto wait = weft::create_task(
            [](auto x, auto y) -> weft::task<> { co_await weft::wait(std::vector{x, y}); }(a, b), {.name = "wait"});
        const auto group = weft::create_task(
            []() -> weft::task<> {
                co_await weft::with(weft::task_group{}, [](weft::task_group& g) -> weft::task<> {
                    g.create_task(outermost(), {.name = "member"});
                    co_return;
                });
            }(),
            {.name = "group"});
        co_await weft::sleep(1s);
        const weft::process_snapshot p = look();
        const auto at_a = named(p, "a").address, at_b = named(p, "b").address;
        EXPECT_THAT(named(p, "join").wait.tasks, ElementsAre(at_a));
        EXPECT_EQ(named(p, "gather").wait.kind, "gather");
        EXPECT_THAT(named(p, "gather").wait.tasks, ElementsAre(at_a, at_b));
        EXPECT_THAT(named(p, "wait").wait.tasks, ElementsAre(at_a, at_b));
        EXPECT_EQ(named(p, "group").wait.kind, "task group");
        EXPECT_THAT(named(p, "group").wait.tasks, ElementsAre(named(p, "member").address));
    }());
}

TEST(snapshot, shows_who_holds_the_lock_that_is_waited_for) {
    weft::testing::run([]() -> weft::task<> {
        weft::lock l;
        const auto holder = weft::create_task(
            [](weft::lock& held_one) -> weft::task<> {
                const auto held = co_await held_one.acquire();
                co_await weft::sleep(1h);
            }(l),
            {.name = "holder"});
        const auto waiter = weft::create_task(
            [](weft::lock& wanted) -> weft::task<> { const auto held = co_await wanted.acquire(); }(l),
            {.name = "waiter"});
        co_await weft::sleep(5s);
        const weft::process_snapshot p = look();
        const weft::wait_snapshot& w = named(p, "waiter").wait;
        EXPECT_EQ(w.kind, "lock");
        EXPECT_EQ(w.lock, reinterpret_cast<std::uint64_t>(&l));
        EXPECT_EQ(w.lock_holder, named(p, "holder").id);
        EXPECT_NEAR(static_cast<double>(w.lock_held_for.value()), 5e9, 4e7);
        holder.cancel();
        waiter.cancel();
        co_await weft::yield_now();
        co_await weft::yield_now();
    }());
}

TEST(snapshot, shows_the_branches_of_a_select) {
    weft::testing::run([]() -> weft::task<> {
        weft::event stop;
        weft::queue<int> q;
        const auto h = weft::create_task(
            [](weft::event& e, weft::queue<int>& items) -> weft::task<> {
                co_await weft::select(items.get(), e.wait(), weft::sleep(10s));
            }(stop, q),
            {.name = "chooser"});
        co_await weft::sleep(1s);
        const weft::process_snapshot p = look();
        const weft::wait_snapshot& w = named(p, "chooser").wait;
        EXPECT_EQ(w.kind, "select");
        EXPECT_EQ(w.branches.size(), 3u);
        EXPECT_EQ(w.branches.at(0).kind, "queue get");
        EXPECT_EQ(w.branches.at(1).kind, "event");
        EXPECT_EQ(w.branches.at(2).ends_in, std::chrono::nanoseconds(9s).count());
        h.cancel();
        co_await weft::yield_now();
    }());
}

TEST(snapshot, shows_the_peer_of_a_stream_that_is_read) {
    weft::testing::run([]() -> weft::task<> {
        auto server = co_await weft::start_server(
            [](weft::stream accepted) -> weft::task<> { co_await accepted.read(1); }, "127.0.0.1", 0);
        weft::stream s = co_await weft::open_connection("127.0.0.1", static_cast<std::uint16_t>(server.port()));
        const auto h = weft::create_task([](weft::stream& from) -> weft::task<> { co_await from.read_line(); }(s),
                                         {.name = "reader"});
        co_await weft::yield_now();
        const weft::process_snapshot p = look();
        EXPECT_EQ(named(p, "reader").wait.kind, "stream read");
        EXPECT_EQ(named(p, "reader").wait.of, s.peer().to_string());
        h.cancel();
        co_await weft::yield_now();
    }());
}

TEST(snapshot, goes_through_async_generators) {
    weft::testing::run([]() -> weft::task<> {
        const auto h = weft::create_task(
            []() -> weft::task<> {
                auto g = []() -> weft::async_generator<int> {
                    co_await innermost();
                    co_yield 1;
                }();
                co_await g.next();
            }(),
            {.name = "iterates"});
        co_await weft::sleep(1s);
        const weft::process_snapshot p = look();
        EXPECT_EQ(named(p, "iterates").stack.size(), 3u);
        EXPECT_THAT(named(p, "iterates").stack.back().function, HasSubstr("innermost"));
        h.cancel();
        co_await weft::yield_now();
    }());
}

weft::task<> deep(int levels) {
    if (levels > 0) {
        co_await deep(levels - 1);
    } else {
        co_await weft::sleep(1h);
    }
}

TEST(snapshot, leaves_out_what_is_too_deep_but_for_the_innermost) {
    weft::testing::run([]() -> weft::task<> {
        const auto h = weft::create_task(deep(10'000), {.name = "deep"});
        co_await weft::sleep(1s);
        const weft::process_snapshot whole = look(), innermost = look({.whole_stacks = false});
        EXPECT_EQ(named(whole, "deep").stack.size(), 257u);
        EXPECT_EQ(named(innermost, "deep").stack.size(), 1u);
        EXPECT_EQ(named(whole, "deep").stack.back().line, named(innermost, "deep").stack.at(0).line);
        EXPECT_NE(named(whole, "deep").stack.front().line, named(whole, "deep").stack.back().line);
    }());
}

TEST(snapshot, sees_a_wait_for_a_task_that_was_destroyed) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});  // it closes with one that waits
    const auto h = weft::create_task_on(*loop, outermost());
    const auto waits = weft::create_task_on(*loop, [](auto of) -> weft::task<> { co_await of; }(h));
    loop->run_once();
    h.core().leave_registry();  // as a loop does that closes
    h.core().kind().destroy(h.core());
    const weft::process_snapshot p = look();
    const auto address = reinterpret_cast<std::uint64_t>(loop.get());
    const auto& tasks = std::ranges::find(p.loops, address, &weft::loop_snapshot::address)->tasks;
    ASSERT_EQ(tasks.size(), 1u);
    EXPECT_TRUE(tasks[0].wait.is_orphaned);
    EXPECT_TRUE(tasks[0].wait.tasks.empty());
}

TEST(snapshot, takes_cpu_times_while_somebody_looks) {
    weft::run([]() -> weft::task<> {
        const auto busy = weft::create_task(
            []() -> weft::task<> {
                for (;;) {
                    const auto until = std::chrono::steady_clock::now() + 1ms;
                    while (std::chrono::steady_clock::now() < until) {
                    }
                    co_await weft::sleep(1ms);
                }
            }(),
            {.name = "busy"});
        EXPECT_FALSE(named(look(), "busy").cpu);
        weft::take_cpu_times(::getpid(), 60);
        for (int i = 0; i < 400 && named(look(), "busy").cpu.value_or(0) == 0; ++i) co_await weft::sleep(100us);
        EXPECT_GT(named(look(), "busy").cpu.value_or(0), 0);
        weft::take_cpu_times(::getpid(), 0);
        busy.cancel();
    }());
}

weft::task<> short_lived(weft::lock& l) {
    co_await weft::yield_now();
    const auto held = co_await l.acquire();
    co_await weft::yield_now();
}

weft::task<> busy_parent(weft::lock& l, const std::atomic<bool>& stop) {
    while (!stop) {
        co_await weft::gather(short_lived(l), short_lived(l));
        const auto joined = weft::create_task(short_lived(l));
        co_await joined;
        co_await weft::with(weft::task_group{}, [&](weft::task_group& g) -> weft::task<> {
            g.create_task(short_lived(l));
            co_return;
        });
    }
}

TEST(snapshot, of_a_program_that_is_busy_ends_and_finds_nothing_wrong) {
    std::atomic<bool> stop = false;
    std::vector<std::string> wrong;
    std::thread looks([&] {
        for (int i = 0; i < 20; ++i) {
            weft::process_snapshot p = look();
            for (const weft::finding& f : weft::diagnose(p, {.loop_blocked = 1h, .lock_held = 1h}))
                wrong.push_back(f.text);
            for (const weft::loop_snapshot& loop : p.loops) {
                for (const weft::task_snapshot& t : loop.tasks) {
                    if (t.since < 0 || t.since > std::chrono::nanoseconds(1h).count()) wrong.push_back("since");
                }
            }
        }
        stop = true;
    });
    weft::run([](std::atomic<bool>& end) -> weft::task<> {
        std::vector<std::unique_ptr<weft::lock>> locks;
        std::vector<weft::task_handle<>> parents;
        for (int i = 0; i < 50; ++i) {
            locks.push_back(std::make_unique<weft::lock>());
            for (int j = 0; j < 4; ++j) parents.push_back(weft::create_task(busy_parent(*locks.back(), end)));
        }
        for (const auto& p : parents) co_await p;
    }(stop));
    looks.join();
    EXPECT_THAT(wrong, testing::IsEmpty());
}

TEST(snapshot, says_that_there_is_no_such_process_or_no_weft_in_it) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    try {
        weft::snapshot_process(child);
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::no_such_process);
    }
    int ends[2], started[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::pipe2(started, O_CLOEXEC), 0);
    const pid_t other = ::fork();
    if (other == 0) {
        ::dup2(ends[0], 0);
        ::close(ends[1]);
        ::execlp("cat", "cat", nullptr);
        ::_exit(127);
    }
    ::close(ends[0]);
    ::close(started[1]);
    char none;
    EXPECT_EQ(::read(started[0], &none, 1), 0);  // the end: it has become cat, and is no copy of this any more
    ::close(started[0]);
    try {
        weft::snapshot_process(other);
        ADD_FAILURE();
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("there is no weft in it"));
    }
    ::close(ends[1]);
    ::waitpid(other, nullptr, 0);
}

}  // namespace
