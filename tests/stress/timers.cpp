// SPDX-License-Identifier: Apache-2.0
// A million callbacks, then a million sleeping tasks, with random deadlines, cancelled in random order; those that are
// spared go off in the exact order of their deadlines, each at its own time. On the virtual clock.
#include "stress/checking.hpp"
#include "stress/command.hpp"
#include "stress/dice.hpp"
#include "stress/measuring.hpp"

#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

namespace stress {

namespace {

using weft::clock;

/// Deadlines of up to three hours, many of them equal and many close together.
clock::time_point random_deadline(dice& d) {
    const auto soonest = weft::get_running_loop().time() + 1ns;
    switch (d.roll(3)) {
        case 0: return soonest + std::chrono::nanoseconds(d.roll(10'800'000'000'000));
        case 1: return soonest + std::chrono::nanoseconds(d.roll(1'000'000));
        default: return soonest + std::chrono::seconds(d.roll(10'800));
    }
}

/// Told whenever something goes off.
struct going_off {
    clock::time_point latest = clock::time_point::min();
    std::size_t count = 0;

    void at(clock::time_point deadline) {
        require(deadline >= latest, "a timer went off after a later one");
        require(weft::get_running_loop().time() == deadline, "a timer went off at a time that is not its own");
        latest = deadline;
        ++count;
    }
};

weft::timer_handle schedule(clock::time_point deadline, going_off& g) {
    return weft::get_running_loop().call_at(deadline, [deadline, &g] { g.at(deadline); });
}

weft::task<> sleep_until(clock::time_point deadline, going_off& g) {
    co_await weft::sleep_until(deadline);
    g.at(deadline);
}
weft::task_handle<> start(clock::time_point deadline, going_off& g) {
    return weft::create_task(sleep_until(deadline, g));
}

/// Makes `count` by `make`, cancels all, or, if `spare`, all but one in three; the spared ones go off.
template <class Make>
weft::task<> make_and_cancel(Make make, std::size_t count, dice d, bool spare) {
    going_off gone_off;
    std::vector<decltype(make(clock::time_point(), gone_off))> made;
    made.reserve(count);
    for (std::size_t i = 0; i < count; ++i) made.push_back(make(random_deadline(d), gone_off));
    co_await weft::yield_now();  // tasks begin to sleep
    d.shuffle(made);
    const std::size_t spared = spare ? count / 3 : 0;
    for (std::size_t i = spared; i < count; ++i) made[i].cancel();
    co_await weft::sleep(4h);
    require_equal(static_cast<long long>(gone_off.count), static_cast<long long>(spared), "timers that went off");
    require_equal(static_cast<long long>(weft::all_tasks().size()), 1, "tasks at the end");
}

}  // namespace

void run_timers(const options& o) {
    const std::size_t count = o.count.value_or(1'000'000);
    const std::uint64_t seed = o.seed.value_or(1);
    set_repeat_command("stress timers --count " + std::to_string(count) + " --seed " + std::to_string(seed));
    const stopwatch watch;
    for (const bool spare : {false, true}) {
        weft::testing::run(make_and_cancel(schedule, count, dice(seed), spare));
        weft::testing::run(make_and_cancel(start, count, dice(seed), spare));
    }
    std::printf("%zu timers and as many sleeping tasks, twice: %.1f s\n", count, watch.seconds());
}

}  // namespace stress
