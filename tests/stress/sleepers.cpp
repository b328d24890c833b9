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

constexpr long long bytes_per_task = 256;

weft::task<> sleep_for_an_hour() { co_await weft::sleep(1h); }

struct footprint {
    long long asleep, gone;  // growth of the heap, in bytes
};

weft::task<footprint> sleep_and_cancel(std::size_t count) {
    std::vector<weft::task_handle<>> sleepers;
    sleepers.reserve(count);
    const long long before = heap_in_use();

    for (std::size_t i = 0; i < count; ++i) sleepers.push_back(weft::create_task(sleep_for_an_hour()));
    co_await weft::sleep(1ms);
    const long long asleep = heap_in_use() - before;
    require_equal(static_cast<long long>(weft::all_tasks().size()), static_cast<long long>(count) + 1, "tasks alive");

    for (const auto& sleeper : sleepers) sleeper.cancel();
    for (const auto& sleeper : sleepers) {
        co_await weft::done_awaiter(sleeper.state());
        require(sleeper.cancelled(), "a sleeper that was cancelled has ended otherwise");
    }
    sleepers.clear();
    require_equal(static_cast<long long>(weft::all_tasks().size()), 1, "tasks alive at the end");
    co_return footprint{asleep, heap_in_use() - before};
}

}  // namespace

void run_sleepers(const options& o) {
    const std::size_t count = o.count.value_or(1'000'000);
    set_repeat_command("stress sleepers --count " + std::to_string(count));
    const stopwatch watch;
    weft::event_loop loop;
    const footprint first = loop.run_until_complete(sleep_and_cancel(count));
    const footprint second = loop.run_until_complete(sleep_and_cancel(count));
    loop.close();
    std::printf("%zu sleeping tasks, twice: %.1f s", count, watch.seconds());
    if (measures_heap) {
        const auto each = [&](long long bytes) { return static_cast<double>(bytes) / static_cast<double>(count); };
        std::printf("; heap per task: asleep %.1f, %.1f, gone %.1f, %.1f bytes", each(first.asleep),
                    each(second.asleep + first.gone), each(first.gone), each(second.gone));
        require(first.asleep <= bytes_per_task * static_cast<long long>(count), "a sleeping task takes too much");
    }
    std::puts("");
}

}  // namespace stress
