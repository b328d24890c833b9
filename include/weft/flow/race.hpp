// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/flow/gather.hpp>
#include <weft/flow/wait.hpp>
#include <weft/loop/cancel_scope.hpp>

#include <array>
#include <cstddef>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace weft::inline v0 {

/// Waits until one of some futures is done, cancels the others and waits for their end, whatever happens to the waiting
/// task meanwhile. An error of a loser goes to the loop's exception handler.
/// @return the place of the first that was done
task<std::size_t> run_race(std::vector<future_core*> futures);

template <std::size_t... I, class... F>
task<std::variant<value_of<typename F::value_type>...>> race_futures(std::index_sequence<I...>, F... futures) {
    using winner = std::variant<value_of<typename F::value_type>...>;
    const std::size_t first = co_await run_race({&futures.state()...});
    std::optional<winner> won;
    ((I == first ? void(won.emplace(std::in_place_index<I>, take_result(futures))) : void()), ...);
    co_return std::move(*won);
}

/// Of a race among equals.
template <class T>
struct race_winner {
    std::size_t index;  ///< its place in the range
    T value;
};

template <class F>
task<race_winner<value_of<typename F::value_type>>> race_range(std::vector<F> futures) {
    const std::size_t first = co_await run_race(states_of(futures));
    co_return race_winner<value_of<typename F::value_type>>{first, take_result(futures[first])};
}

/// Runs tasks concurrently until the first is done, then cancels the others and waits until they have ended: nothing of
/// them runs on. If the first failed, that is thrown; what a loser throws when it is cancelled goes to the loop's
/// exception handler. Cancelling the await cancels them all.
///
///     auto page = co_await race(fetch(mirror), fetch(origin));   // page.index() says whose
///
/// @param aws  tasks, handles or futures; at least one
/// @return awaited: a std::variant read by index(); std::monostate for void, a pointer for a reference
/// @throws awaited: what the first threw; cancelled_error  @see select, which leaves its losers alone
template <gatherable... A>
    requires(sizeof...(A) > 0)
auto race(A&&... aws) {
    std::tuple<decltype(ensure_future(std::forward<A>(aws)))...> futures{ensure_future(std::forward<A>(aws))...};
    return std::apply([](auto&... f) { return race_futures(std::index_sequence_for<A...>(), std::move(f)...); },
                      futures);
}
/// As above for a range. @return awaited: the winner's index and value
/// @throws awaited: std::invalid_argument  the range is empty
template <gatherable_range Range>
auto race(Range&& range) {
    return race_range(ensure_futures(std::forward<Range>(range)));
}

}  // namespace weft::inline v0
