// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/flow/gather.hpp>
#include <weft/loop/done_hook.hpp>
#include <weft/loop/timer_queue.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// When wait() is over: at the first that is done, the first that failed (or all done), or when all are done.
enum class return_when { first_completed, first_exception, all_completed };
inline constexpr return_when first_completed = return_when::first_completed;
inline constexpr return_when first_exception = return_when::first_exception;
inline constexpr return_when all_completed = return_when::all_completed;

struct wait_options {
    /// Gives up waiting after so long; unset: never.
    std::optional<clock::duration> timeout = std::nullopt;
    weft::return_when return_when = weft::return_when::all_completed;
};

/// In the order in which they were given. @tparam F  task_handle<T>, future<T> or any_task
template <class F>
struct wait_result {
    std::vector<F> done;
    std::vector<F> pending;
};

/// Whether two futures are one, whatever became of it: which of those that were given is in `done`. A handle is the future
/// of its task.
template <class T>
bool operator==(const future<T>& a, const future<T>& b) noexcept {
    return &a.state() == &b.state();
}

/// Suspends a task until enough of some futures are done, or the time is over. Leaves them alone.
class wait_awaiter : public waiter {
public:
    wait_awaiter(std::span<future_core* const> futures, const wait_options& options);
    bool await_ready() const noexcept { return false; }
    void start();
    void await_resume() { this->resumed(); }

private:
    static const wait_kind kind_;
    static void is_done(void* self, future_core& f);
    void expire() { this->wake(); }

    std::vector<done_hook> futures_;
    owned_timer<wait_awaiter, &wait_awaiter::expire> timer_;
    wait_options options_;
    bool has_timeout_ = options_.timeout.has_value();  // for who looks from outside
    std::size_t pending_;
};

/// What can be waited for without taking its result: futures, handles, any_task.
template <class F>
concept waitable = std::copy_constructible<F> && requires(const F& f) {
    { f.state() } -> std::convertible_to<future_core&>;
    { f.done() } -> std::convertible_to<bool>;
};

template <waitable F>
task<wait_result<F>> wait_for_futures(std::vector<F> futures, wait_options options) {
    if (futures.empty()) throw std::invalid_argument("wait: there is nothing to wait for");
    {
        std::vector<future_core*> states;
        states.reserve(futures.size());
        for (const F& f : futures) states.push_back(&f.state());
        co_await wait_awaiter(states, options);
    }
    wait_result<F> result;
    for (F& f : futures) (f.done() ? result.done : result.pending).push_back(std::move(f));
    co_return result;
}

/// Waits for futures or tasks without touching them: they are not cancelled by a timeout, and their errors stay theirs.
///
///     auto [done, pending] = co_await wait(handles, {.timeout = 1s, .return_when = first_completed});
///
/// @param futures  a range of handles, futures or any_task; copied
/// @return awaited: which are done, and which are not
/// @throws awaited: std::invalid_argument  the range is empty; cancelled_error, which leaves them running
/// @see asyncio.wait
template <std::ranges::input_range Range>
    requires waitable<std::ranges::range_value_t<Range>>
auto wait(Range&& futures, wait_options options = {}) {
    using F = std::ranges::range_value_t<Range>;
    std::vector<F> copies;
    for (auto&& f : futures) copies.push_back(std::forward<decltype(f)>(f));
    return wait_for_futures<F>(std::move(copies), options);
}
template <waitable F>
auto wait(std::initializer_list<F> futures, wait_options options = {}) {
    return wait_for_futures<F>(std::vector<F>(futures), options);
}

}  // namespace weft::inline v0
