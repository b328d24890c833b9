// SPDX-License-Identifier: Apache-2.0
#include "loop/report.hpp"

#include <weft/flow/race.hpp>
#include <weft/loop/event_loop.hpp>

#include <algorithm>

namespace weft::inline v0 {

namespace {

/// Cancels those that are not done. @return them
std::vector<future_core*> cancel_rest(const std::vector<future_core*>& futures) {
    std::vector<future_core*> rest;
    for (future_core* const f : futures) {
        if (f->cancel({})) rest.push_back(f);
    }
    return rest;
}

void report_errors(const std::vector<future_core*>& losers) {
    for (future_core* const f : losers) {
        if (!f->stored_exception()) continue;
        report(f->loop(), "a task that lost a race failed when it was cancelled", f->exception(),
               [&](error_context& c) {
                   if (f->task()) c.task = f->task()->name();
               });
    }
}

}  // namespace

task<std::size_t> run_race(std::vector<future_core*> futures) {
    if (futures.empty()) throw std::invalid_argument("race: there is nothing to wait for");
    std::exception_ptr cancellation;
    try {
        co_await wait_awaiter(futures, {.return_when = first_completed});
    } catch (const cancelled_error&) {
        cancellation = std::current_exception();
    }
    const auto first = std::ranges::find_if(futures, [](future_core* f) { return f->done(); });
    const auto place = static_cast<std::size_t>(first - futures.begin());
    const std::vector<future_core*> losers = cancel_rest(futures);
    const join_shield to_the_end(co_await with_task(), [&](bool cleanup_is_over) {
        if (cleanup_is_over) cancel_rest(losers);
    });
    while (std::ranges::any_of(losers, [](future_core* f) { return !f->done(); })) {
        try {
            co_await wait_awaiter(losers, {});
        } catch (const cancelled_error&) {
            cancellation = std::current_exception();
            cancel_rest(losers);
        }
    }
    report_errors(losers);
    if (cancellation) std::rethrow_exception(cancellation);
    co_return place;
}

}  // namespace weft::inline v0
