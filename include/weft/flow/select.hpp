// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/result.hpp>
#include <weft/coro/task.hpp>
#include <weft/loop/waiter.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <utility>
#include <variant>

namespace weft::inline v0 {

/// What select() can wait for: its awaiter is a `waiter` with start() and abandon() (see there). Those of sleep(), futures
/// and handles, stream reads, queues, channels, locks, semaphores, events.
template <class A>
concept selectable = awaitable<A> && std::derived_from<awaiter_of<A>, waiter> && requires(awaiter_of<A>& w) {
    w.start();
    { w.abandon() } noexcept;
};

/// One of the things that a select waits for, and its place in the order.
template <std::size_t I, class A>
class select_branch {
public:
    explicit select_branch(A&& a) : awaiter_(get_awaiter(std::forward<A>(a))) {}

    decltype(get_awaiter(std::declval<A>())) awaiter_;
};

template <class Indices, class... A>
class select_awaiter;

template <std::size_t... I, class... A>
class [[nodiscard("select does nothing unless it is awaited")]] select_awaiter<std::index_sequence<I...>, A...>
    : public wait_group, select_branch<I, A>... {
public:
    using result_type = std::variant<value_of<await_result<A>>...>;

    explicit select_awaiter(A&&... a)
        : wait_group(kind_), select_branch<I, A>(std::forward<A>(a))..., branches_{&of<I>()...} {}

    bool await_ready() { return ((of<I>().await_ready() && (winner_ = I, true)) || ...); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!this->suspend(h)) return false;
        (start(of<I>()) && ...);
        return true;
    }
    result_type await_resume() {
        ((&of<I>() == this->first_woken() ? void(winner_ = I) : void()), ...);
        if (!(cannot_be_undone<I>() || ...)) this->resumed();
        // The losers let go before anything else happens; what they had completed goes back.
        ((I == winner_ ? void() : of<I>().abandon()), ...);
        result_type outcome = take<0>();
        return outcome;
    }

private:
    static const wait_kind kind_;

    template <std::size_t J>
    auto& of() noexcept {
        return branch<J>(*this).awaiter_;
    }
    template <std::size_t J, class B>
    static select_branch<J, B>& branch(select_branch<J, B>& b) noexcept {
        return b;
    }
    /// The winner has done something that it cannot take back, such as sending on a channel: a cancellation is too late here,
    /// and is raised at the next await.
    template <std::size_t J>
    bool cannot_be_undone() noexcept {
        if constexpr (requires { of<J>().cannot_be_undone(); }) return J == winner_ && of<J>().cannot_be_undone();
        return false;
    }
    template <class Awaiter>
    bool start(Awaiter& a) {
        a.wait_in(*this);
        a.start();
        return this->is_open();
    }
    template <std::size_t J>
    result_type take() {
        if constexpr (J + 1 < sizeof...(A)) {
            if (winner_ != J) return take<J + 1>();
        }
        using given = decltype(of<J>().await_resume());
        if constexpr (std::is_void_v<given>) {
            of<J>().await_resume();
            return result_type(std::in_place_index<J>);
        } else if constexpr (std::is_reference_v<given>) {
            return result_type(std::in_place_index<J>, std::addressof(of<J>().await_resume()));
        } else {
            return result_type(std::in_place_index<J>, of<J>().await_resume());
        }
    }

    waiter* const branches_[sizeof...(A)];  // for who looks from outside
    std::size_t winner_ = 0;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"  // no member is of a virtual base: these are constants
#pragma GCC diagnostic ignored "-Wattributes"  // lifetimebound is Clang's: GCC 14 says that it ignores it
template <std::size_t... I, class... A>
constexpr wait_kind select_awaiter<std::index_sequence<I...>, A...>::kind_ = {
    .name = "select",
    .cancel =
        [](waiter& w) {
            static_cast<select_awaiter&>(w).wake();
            return false;
        },
    .subject = {wait_subject::thing::branches, {offsetof(select_awaiter, branches_), sizeof...(A)}},
};

/// Waits for the first of several things, like Go's `select`. Only one of them happens: what another had completed by
/// then goes back where it came from, at the front; no byte, item or permit is lost. If several can be had at once, the
/// first in the order written is taken.
///
///     auto first = co_await select(queue.get(), stop.wait(), sleep(1s));
///     if (first.index() == 0) use(std::get<0>(first));
///
/// To be awaited where it stands: it refers to its arguments. A task or handle that loses runs on; tasks that are to be
/// cancelled when they lose: race().
/// @return a std::variant, to be read by index(); std::monostate for void, a pointer for a reference
/// @throws awaited: what the winner's await throws, cancelled_error
/// @cost no allocation  @see race, asyncio.wait(…, return_when=FIRST_COMPLETED)
template <selectable... A>
    requires(sizeof...(A) > 0)
auto select(A&&... aws [[clang::lifetimebound]]) {
    return select_awaiter<std::index_sequence_for<A...>, A...>(std::forward<A>(aws)...);
}
#pragma GCC diagnostic pop

}  // namespace weft::inline v0
