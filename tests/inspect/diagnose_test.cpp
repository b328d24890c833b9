// SPDX-License-Identifier: Apache-2.0
#include <weft/inspect/diagnose.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

using what = weft::finding::what;

weft::task_snapshot task(std::uint64_t id, weft::wait_snapshot wait) {
    weft::task_snapshot t;
    t.address = 1000 + id;
    t.id = id;
    t.name = "t" + std::to_string(id);
    t.wait = std::move(wait);
    return t;
}
weft::wait_snapshot on_tasks(std::string kind, std::vector<std::uint64_t> ids) {
    weft::wait_snapshot w{.kind = std::move(kind)};
    for (const std::uint64_t id : ids) w.tasks.push_back(1000 + id);
    return w;
}
weft::wait_snapshot on_one_of(std::vector<std::uint64_t> ids, bool may_end_otherwise = false) {
    weft::wait_snapshot w = on_tasks("wait", std::move(ids));
    w.one_is_enough = true;
    w.may_end_otherwise = may_end_otherwise;
    return w;
}
weft::wait_snapshot on_lock(std::uint64_t holder, std::chrono::nanoseconds held = 0s, std::uint64_t lock = 77) {
    weft::wait_snapshot w{.kind = "lock"};
    w.lock = lock;
    w.lock_holder = holder;
    w.lock_held_for = held.count();
    return w;
}
weft::wait_snapshot on_sleep() { return {.kind = "sleep", .ends_in = 5}; }

weft::process_snapshot process(std::vector<weft::task_snapshot> tasks) {
    weft::process_snapshot p;
    p.loops.resize(1);
    p.loops[0].tasks = std::move(tasks);
    return p;
}
std::vector<weft::task_activity> activities(const weft::process_snapshot& p) {
    std::vector<weft::task_activity> all;
    for (const weft::task_snapshot& t : p.loops[0].tasks) all.push_back(t.activity);
    return all;
}
constexpr auto waiting = weft::task_activity::waiting, blocked = weft::task_activity::blocked;

TEST(diagnose, finds_nothing_where_all_may_go_on) {
    auto p = process({task(1, on_tasks("future", {2})), task(2, on_lock(3)), task(3, on_sleep())});
    EXPECT_THAT(weft::diagnose(p), IsEmpty());
    EXPECT_THAT(activities(p), ElementsAre(waiting, waiting, waiting));
}

TEST(diagnose, names_a_circle_of_joins_and_locks_in_full) {
    auto p = process({task(1, on_tasks("future", {2})), task(2, on_lock(3, 0s, 5)), task(3, on_tasks("gather", {4, 1})),
                      task(4, on_sleep()), task(5, on_tasks("future", {1}))});
    const auto found = weft::diagnose(p);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].is, what::deadlock);
    EXPECT_THAT(found[0].tasks, ElementsAre(1001, 1002, 1003));
    EXPECT_EQ(found[0].text,
              "#1 t1 waits for #2 t2, which waits for a lock held by #3 t3, which waits (gather) for #1 t1");
    // Who waits for those in the circle is blocked as well.
    EXPECT_THAT(activities(p), ElementsAre(blocked, blocked, blocked, waiting, blocked));
}

TEST(diagnose, takes_a_task_that_joins_itself_and_two_circles_apart) {
    auto p = process({task(1, on_lock(1)), task(2, on_tasks("future", {3})), task(3, on_tasks("future", {2}))});
    const auto found = weft::diagnose(p);
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_THAT(found[0].tasks, ElementsAre(1001));
    EXPECT_THAT(found[1].tasks, ElementsAre(1002, 1003));
}

TEST(diagnose, lets_whoever_waits_for_one_of_several_go_on) {
    weft::wait_snapshot choice{.kind = "select"};
    choice.branches = {on_tasks("future", {1}), on_sleep()};
    weft::wait_snapshot no_choice{.kind = "select"};
    no_choice.branches = {on_tasks("future", {3}), on_tasks("future", {4})};
    auto p =
        process({task(1, choice), task(2, on_one_of({2, 1})), task(3, no_choice), task(4, on_tasks("future", {3}))});
    EXPECT_THAT(weft::diagnose(p), SizeIs(1));
    EXPECT_THAT(activities(p), ElementsAre(waiting, waiting, blocked, blocked));
}

TEST(diagnose, knows_that_a_wait_may_end_by_a_plain_future_or_at_a_time) {
    auto p = process({task(1, on_one_of({1}, true)), task(2, on_one_of({2}, false))});
    EXPECT_THAT(weft::diagnose(p), SizeIs(1));
    EXPECT_THAT(activities(p), ElementsAre(waiting, blocked));
}

TEST(diagnose, finds_a_circle_behind_another_one) {
    auto p =
        process({task(1, on_tasks("gather", {2, 3})), task(2, on_tasks("future", {5})),
                 task(3, on_tasks("future", {1})), task(5, on_tasks("future", {6})), task(6, on_tasks("future", {5}))});
    const auto found = weft::diagnose(p);
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_THAT(found[0].tasks, testing::UnorderedElementsAre(1005, 1006));
    EXPECT_THAT(found[1].tasks, testing::UnorderedElementsAre(1001, 1003));
}

TEST(diagnose, says_nothing_of_a_task_that_ran_on_while_it_was_looked_at) {
    auto p = process(
        {task(1, on_lock(2, 10s, 5)), task(2, on_lock(1, 10s, 6)), task(3, {.kind = "future", .is_orphaned = true})});
    for (weft::task_snapshot& t : p.loops[0].tasks) t.is_changing = true;
    EXPECT_THAT(weft::diagnose(p), IsEmpty());
    EXPECT_THAT(activities(p), ElementsAre(waiting, waiting, waiting));
}

TEST(diagnose, sees_a_select_of_nothing_but_the_destroyed) {
    weft::wait_snapshot choice{.kind = "select"};
    choice.branches = {{.kind = "future", .is_orphaned = true}, {.kind = "future", .is_orphaned = true}};
    auto p = process({task(1, choice)});
    EXPECT_THAT(weft::diagnose(p), SizeIs(2));
    EXPECT_THAT(activities(p), ElementsAre(blocked));
}

TEST(diagnose, finds_locks_that_are_held_long_or_by_the_dead) {
    auto p = process({task(1, on_lock(2, 10s, 5)), task(2, on_sleep()), task(3, on_lock(2, 10s, 5)),
                      task(4, on_lock(99, 0s, 6)), task(5, on_lock(2, 10ms, 7))});
    const auto found = weft::diagnose(p);
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(found[0].is, what::lock_abandoned);
    EXPECT_THAT(found[0].text, HasSubstr("was locked by task #99, which has ended"));
    EXPECT_EQ(found[1].is, what::lock_held);
    EXPECT_EQ(found[1].text, "a lock has been held for 10.0 s by #2 t2, and #1 t1 waits for it");
}

TEST(diagnose, does_not_tell_of_a_lock_that_is_held_long_because_of_a_deadlock) {
    auto p = process({task(1, on_lock(2, 10s, 5)), task(2, on_lock(1, 10s, 6))});
    const auto found = weft::diagnose(p);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].is, what::deadlock);
}

TEST(diagnose, finds_who_waits_for_the_destroyed) {
    auto p = process({task(1, {.kind = "future", .is_orphaned = true}), task(2, on_tasks("future", {1}))});
    const auto found = weft::diagnose(p);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].is, what::orphaned);
    EXPECT_THAT(activities(p), ElementsAre(blocked, blocked));
}

TEST(diagnose, finds_a_loop_that_is_busy_for_long) {
    auto p = process({task(1, {})});
    p.loops[0].tasks[0].activity = weft::task_activity::running;
    p.loops[0].activity = weft::loop_activity::running;
    p.loops[0].thread = 4711;
    p.loops[0].turn_for = std::chrono::nanoseconds(12s).count();
    const auto found = weft::diagnose(p);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].text, "the loop of thread 4711 has been busy for 12.0 s, in #1 t1");
    EXPECT_THAT(weft::diagnose(p, {.loop_blocked = 20s}), IsEmpty());
}

TEST(diagnose, takes_a_time_that_grows_with_the_tasks_alone) {
    // A line of joins, the last of which waits for the first: all of them one circle.
    constexpr std::uint64_t count = 100'000;
    std::vector<weft::task_snapshot> tasks;
    for (std::uint64_t i = 0; i < count; ++i) tasks.push_back(task(i + 1, on_tasks("future", {(i + 1) % count + 1})));
    auto p = process(std::move(tasks));
    const auto found = weft::diagnose(p);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_THAT(found[0].tasks, SizeIs(count));
}

TEST(diagnose, sees_a_real_deadlock_of_two_locks) {
    weft::testing::run([]() -> weft::task<> {
        weft::lock a, b;
        const auto both = [](weft::lock& first, weft::lock& second) -> weft::task<> {
            const auto one = co_await first.acquire();
            co_await weft::sleep(1ms);
            const auto two = co_await second.acquire();
        };
        const auto x = weft::create_task(both(a, b), {.name = "x"});
        const auto y = weft::create_task(both(b, a), {.name = "y"});
        co_await weft::sleep(100ms);
        weft::process_snapshot p = weft::snapshot_process(::getpid());
        const auto found = weft::diagnose(p);
        EXPECT_EQ(found.at(0).is, what::deadlock);
        EXPECT_THAT(found.at(0).text, HasSubstr("x waits ("));
        EXPECT_THAT(found.at(0).text,
                    HasSubstr(" for a lock held by #" + std::to_string(y.core().id()) + " y, which waits ("));
        x.cancel();
        co_await weft::sleep(1ms);
        y.cancel();
        co_await weft::sleep(1ms);
    }());
}

}  // namespace
