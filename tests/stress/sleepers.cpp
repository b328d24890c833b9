// SPDX-License-Identifier: Apache-2.0
// A million tasks in `co_await sleep(1h)`: what each takes, and that nothing of it stays when they are gone.
#include "stress/checking.hpp"
#include "stress/command.hpp"
#include "stress/measuring.hpp"

#include <weft/weft.hpp>

#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

namespace stress {

namespace {

constexpr double most_per_task = 256, most_kept_per_task = 16;  // bytes
constexpr long long rounding = 4096;  // bytes: malloc gives out whole holes that are a little too large

weft::task<> sleep_for_an_hour() { co_await weft::sleep(1h); }

struct footprint {
    long long asleep, gone;  // the heap in bytes: while they slept, and when they were gone
};

weft::task<footprint> sleep_and_cancel(std::size_t count) {
    std::vector<weft::task_handle<>> sleepers;
    sleepers.reserve(count);
    const auto own = static_cast<long long>(count * sizeof(sleepers[0]));

    for (std::size_t i = 0; i < count; ++i) sleepers.push_back(weft::create_task(sleep_for_an_hour()));
    co_await weft::sleep(1ms);
    const long long asleep = heap_in_use() - own;
    require_equal(static_cast<long long>(weft::all_tasks().size()), static_cast<long long>(count) + 1, "tasks alive");

    for (const auto& sleeper : sleepers) sleeper.cancel();
    for (const auto& sleeper : sleepers) {
        co_await weft::done_awaiter(sleeper.state());
        require(sleeper.cancelled(), "a sleeper that was cancelled has ended otherwise");
    }
    sleepers.clear();
    require_equal(static_cast<long long>(weft::all_tasks().size()), 1, "tasks alive at the end");
    co_return footprint{asleep, heap_in_use() - own};
}

/// The heap is back where it was, but for what the library keeps: the registry's pages, and free frames, more of them once
/// it has seen that so many are wanted again. None of it grows any more then.
void check_heap(const footprint (&rounds)[3], long long before, std::size_t count) {
    const auto each = [&](long long bytes) { return static_cast<double>(bytes - before) / static_cast<double>(count); };
    std::printf("bytes of heap per task, asleep and gone: %.1f %.1f, %.1f %.1f, %.1f %.1f\n", each(rounds[0].asleep),
                each(rounds[0].gone), each(rounds[1].asleep), each(rounds[1].gone), each(rounds[2].asleep),
                each(rounds[2].gone));
    for (const footprint& f : rounds) require(each(f.asleep) <= most_per_task, "a sleeping task takes too much");
    require(each(rounds[0].gone) <= most_kept_per_task, "what tasks have taken is not given back");
    require(rounds[2].gone <= rounds[1].gone + rounding, "the heap grows from round to round");
}

}  // namespace

void run_sleepers(const options& o) {
    const std::size_t count = o.count.value_or(1'000'000);
    set_repeat_command("stress sleepers --count " + std::to_string(count));
    const stopwatch watch;
    weft::event_loop loop;
    const long long before = heap_in_use();
    footprint rounds[3];
    for (footprint& f : rounds) f = loop.run_until_complete(sleep_and_cancel(count));
    std::printf("%zu sleeping tasks, cancelled and joined, three times: %.1f s\n", count, watch.seconds());
    if (measures_heap) check_heap(rounds, before, count);
    loop.close();
}

}  // namespace stress
