// SPDX-License-Identifier: Apache-2.0
#include <weft/inspect/loop_metrics.hpp>
#include <weft/loop/event_loop.hpp>

#include <numeric>
#include <utility>

namespace weft::inline v0 {

std::uint64_t lag_histogram::count() const noexcept {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::chrono::nanoseconds lag_histogram::quantile(double part) const noexcept {
    const std::uint64_t all = count();
    if (all == 0) return {};
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < loop_counters::lag_bounds; ++i) {
        below += counts[i];
        if (below > 0 && static_cast<double>(below) >= part * static_cast<double>(all)) return bound(i);
    }
    return std::chrono::nanoseconds::max();
}

loop_metrics capture_metrics(std::string name) { return capture_metrics(get_running_loop(), std::move(name)); }

loop_metrics capture_metrics(event_loop& loop, std::string name) {
    loop.check_thread();
    const loop_counters& counted = loop.counters();
    const auto outstanding = loop.outstanding();
    loop_metrics m{.loop = std::move(name),
                   .backend = loop.is_closed() ? "" : loop.backend_name(),
                   .iterations = counted.iterations.value(),
                   .steps = counted.steps.value(),
                   .tasks_created = loop.tasks_created(),
                   .tasks = outstanding.tasks,
                   .ready = outstanding.ready,
                   .timers = outstanding.timers,
                   .operations = outstanding.operations};
    for (std::size_t i = 0; i < m.lag.counts.size(); ++i) m.lag.counts[i] = counted.lags[i].value();
    m.lag.sum = std::chrono::nanoseconds(counted.lag_sum.value());
    return m;
}

}  // namespace weft::inline v0
