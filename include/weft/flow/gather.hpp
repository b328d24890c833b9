// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/outcome.hpp>
#include <weft/loop/done_hook.hpp>
#include <weft/loop/task_handle.hpp>

#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// Suspends a task until all of some futures are done, or one of them has failed or was cancelled. Cancelling it cancels
/// them all.
class children_awaiter : public waiter {
public:
    enum class until { first_failure, all_done };
    children_awaiter(std::span<future_core* const> children, until u);

    bool await_ready() const noexcept { return pending_ == 0 || first_failed_; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!this->suspend(h)) {
            // Cancelled before it came here: the children are cancelled in its place, and awaited if one takes the request.
            if (!cancel_children() || !task()->pass_on_cancellation()) return false;
            this->suspend(h);
        }
        return true;
    }
    /// @throws what the first child that failed threw; cancelled_error
    void await_resume();

private:
    static const wait_kind kind_;
    static void child_is_done(void* self, future_core& f);
    bool cancel_children();

    std::vector<done_hook> children_;
    std::size_t pending_;
    until until_;
    future_core* first_failed_ = nullptr;
    bool cancel_requested_ = false;
};

template <class T>
task_handle<T> ensure_future(task<T> body) {
    return create_task(std::move(body), std::source_location());
}
template <task_operation A>
auto ensure_future(A&& operation) {
    return create_task(std::forward<A>(operation), std::source_location());
}
template <class F>
    requires std::derived_from<F, future<typename F::value_type>>
F ensure_future(F f) {
    return f;
}

template <class F>
value_of<typename F::value_type> take_result(F& f) {
    if constexpr (std::is_void_v<typename F::value_type>) {
        f.state().take();
        return {};
    } else if constexpr (std::is_reference_v<typename F::value_type>) {
        return std::addressof(f.state().take());
    } else if constexpr (std::is_copy_constructible_v<typename F::value_type>) {
        return f.state().peek();
    } else {
        return f.state().take();
    }
}

template <class... F>
task<std::tuple<value_of<typename F::value_type>...>> gather_futures(F... futures) {
    const std::array<future_core*, sizeof...(F)> children{&futures.state()...};
    co_await children_awaiter(children, children_awaiter::until::first_failure);
    co_return std::tuple<value_of<typename F::value_type>...>(take_result(futures)...);
}

template <class F>
std::vector<future_core*> states_of(const std::vector<F>& futures) {
    std::vector<future_core*> states;
    states.reserve(futures.size());
    for (const F& f : futures) states.push_back(&f.state());
    return states;
}

template <class F>
task<std::vector<value_of<typename F::value_type>>> gather_range(std::vector<F> futures) {
    co_await children_awaiter(states_of(futures), children_awaiter::until::first_failure);
    std::vector<value_of<typename F::value_type>> results;
    results.reserve(futures.size());
    for (F& f : futures) results.push_back(take_result(f));
    co_return results;
}

/// What became of a future that is done.
template <class F>
outcome<typename F::value_type> take_outcome(F& f) {
    using T = typename F::value_type;
    if (f.cancelled()) return outcome<T>(f.state().cancellation());
    if (auto error = f.exception()) return outcome<T>(std::move(error));
    if constexpr (std::is_void_v<T>) {
        return outcome<T>(std::in_place);
    } else if constexpr (std::is_copy_constructible_v<T>) {
        return outcome<T>(std::in_place, f.state().peek());
    } else {
        return outcome<T>(std::in_place, f.state().take());
    }
}

template <class... F>
task<std::tuple<outcome<typename F::value_type>...>> settle_futures(F... futures) {
    const std::array<future_core*, sizeof...(F)> children{&futures.state()...};
    co_await children_awaiter(children, children_awaiter::until::all_done);
    co_return std::tuple<outcome<typename F::value_type>...>(take_outcome(futures)...);
}

template <class F>
task<std::vector<outcome<typename F::value_type>>> settle_range(std::vector<F> futures) {
    co_await children_awaiter(states_of(futures), children_awaiter::until::all_done);
    std::vector<outcome<typename F::value_type>> outcomes;
    outcomes.reserve(futures.size());
    for (F& f : futures) outcomes.push_back(take_outcome(f));
    co_return outcomes;
}

template <class A>
concept gatherable = requires(A&& a) { ensure_future(std::forward<A>(a)); };

/// Runs tasks concurrently (from the call on) and gives all their results, in the order of the arguments. The first
/// failure is thrown at once; the others run on. (Of those that have failed before it is awaited, the first argument's.)
/// Cancelling the await cancels them all.
/// @param aws  tasks, handles or futures; a void result is a std::monostate, a reference a pointer
/// @throws no_running_loop_error; at the await: what the first failing one threw, cancelled_error
/// @see asyncio.gather
template <gatherable... A>
auto gather(A&&... aws) {
    // In braces: they start in the order in which they are written, whatever order a compiler evaluates arguments in.
    std::tuple<decltype(ensure_future(std::forward<A>(aws)))...> futures{ensure_future(std::forward<A>(aws))...};
    return std::apply([](auto&... f) { return gather_futures(std::move(f)...); }, futures);
}

template <class Range>
concept gatherable_range = !gatherable<Range> && requires(Range& r) { ensure_future(std::move(*std::begin(r))); };

/// Tasks are moved out of the range; handles and futures stay with their owner as well.
template <gatherable_range Range>
auto ensure_futures(Range&& range) {
    std::vector<decltype(ensure_future(std::move(*std::begin(range))))> futures;
    for (auto&& item : range) {
        if constexpr (gatherable<decltype((item))>) {
            futures.push_back(ensure_future(item));
        } else {
            futures.push_back(ensure_future(std::move(item)));
        }
    }
    return futures;
}

/// As above for a range of tasks (moved from) or of handles or futures (copied). @return a task of a std::vector
template <gatherable_range Range>
auto gather(Range&& range) {
    return gather_range(ensure_futures(std::forward<Range>(range)));
}

/// As gather(), but waits for all, whatever becomes of them, and gives an outcome for each.
/// @throws at the await: cancelled_error  @see asyncio.gather(…, return_exceptions=True)
template <gatherable... A>
auto gather_settled(A&&... aws) {
    std::tuple<decltype(ensure_future(std::forward<A>(aws)))...> futures{ensure_future(std::forward<A>(aws))...};
    return std::apply([](auto&... f) { return settle_futures(std::move(f)...); }, futures);
}
/// @return a task of a std::vector
template <gatherable_range Range>
auto gather_settled(Range&& range) {
    return settle_range(ensure_futures(std::forward<Range>(range)));
}

}  // namespace weft::inline v0
