// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/base/errors.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/flow/wait.hpp>
#include <weft/loop/event_loop.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// Suspends a task until one more of some futures is done, in the order in which they are. What is done after the deadline
/// does not count, whether somebody waits then or not.
class completions {
public:
    completions(std::span<future_core* const> futures, std::optional<nanos> deadline);
    completions(const completions&) = delete;
    completions& operator=(const completions&) = delete;

    class next_awaiter : public waiter {
    public:
        explicit next_awaiter(completions& c) noexcept : waiter(kind_), completions_(&c) {}
        ~next_awaiter() { completions_->waiting_ = nullptr; }
        bool await_ready() const noexcept { return completions_->is_over_ || !completions_->done_.empty(); }
        void start() { completions_->waiting_ = this; }
        /// @return the place of the future in what was given  @throws timeout_error
        std::size_t await_resume();

    private:
        friend class completions;
        static const wait_kind kind_;

        completions* completions_;
    };
    next_awaiter next() noexcept { return next_awaiter(*this); }

private:
    struct entry {
        completions* owner;
        std::size_t place;
    };
    static void is_done(void* e, future_core& f);
    void expire() noexcept;

    std::vector<entry> entries_;
    std::vector<done_hook> hooks_;
    std::deque<std::size_t> done_;
    next_awaiter* waiting_ = nullptr;
    owned_timer<completions, &completions::expire> timer_;
    bool is_over_ = false;
};

template <waitable F>
async_generator<F> completed_one_by_one(std::vector<F> futures, std::optional<nanos> limit) {
    std::optional<nanos> deadline;
    if (limit) deadline = deadline_after(get_running_loop().now(), *limit);
    std::vector<future_core*> states;
    for (const F& f : futures) states.push_back(&f.state());
    completions done(states, deadline);
    for (std::size_t left = futures.size(); left > 0; --left) {
        const std::size_t place = co_await done.next();
        co_yield std::move(futures[place]);
    }
}

/// Gives handles or futures in the order in which they are done; those that are by the first next(), in the order given.
///
///     auto next = as_completed(handles);
///     while (auto h = co_await next.next()) use(co_await *h);
///
/// @param futures  a range of handles, futures or any_task; copied
/// @param timeout  for all together, from the first next() on; unset: none
/// @throws next(): timeout_error  the time is over, and what was done by then has been given; cancelled_error
/// @see asyncio.as_completed
template <std::ranges::input_range Range>
    requires waitable<std::ranges::range_value_t<Range>>
auto as_completed(Range&& futures, std::optional<clock::duration> timeout = std::nullopt) {
    using F = std::ranges::range_value_t<Range>;
    std::vector<F> copies;
    for (auto&& f : futures) copies.push_back(std::forward<decltype(f)>(f));
    return completed_one_by_one<F>(std::move(copies),
                                   timeout ? std::optional<nanos>(to_nanos(*timeout)) : std::nullopt);
}
template <waitable F>
auto as_completed(std::initializer_list<F> futures, std::optional<clock::duration> timeout = std::nullopt) {
    return as_completed(std::vector<F>(futures), timeout);
}

}  // namespace weft::inline v0
