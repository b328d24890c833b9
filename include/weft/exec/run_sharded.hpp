// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/awaitable.hpp>
#include <weft/coro/result.hpp>
#include <weft/exec/call.hpp>
#include <weft/loop/run.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::inline v0 {

class shard_group;

/// One of the loops of run_sharded(), as its coroutines know it. Copies are the same shard. @thread any
class shard {
public:
    shard(std::shared_ptr<shard_group> group, std::size_t index) noexcept;

    std::size_t index() const noexcept { return index_; }
    /// How many there are.
    std::size_t size() const noexcept;
    /// Another one, or this. @param index  0 .. size() - 1  @throws std::out_of_range
    shard peer(std::size_t index) const;
    /// Its loop, which is closed when run_sharded() returns.
    event_loop& loop() const noexcept;

private:
    std::shared_ptr<shard_group> group_;
    std::size_t index_;
};

/// Has another shard run `f(args…)`, a function or a coroutine, and waits for it. @see call(event_loop&, …)
template <class F, class... Args>
    requires keepable_call<F, Args...>
auto call(const shard& callee, F&& f, Args&&... args) {
    return make_loop_call(callee.loop().remote(), std::forward<F>(f), std::forward<Args>(args)...);
}

/// The untyped part of run_sharded(). `main` is called once on each thread.
void run_shards(std::size_t n, const std::function<task<>(shard)>& main, const run_options& options);

/// What run_sharded() calls: with the shard, with its index, or with nothing, the first of these that `F` takes.
template <class F>
concept sharded_function =
    std::invocable<const F&, shard> || std::invocable<const F&, std::size_t> || std::invocable<const F&>;
template <sharded_function F>
decltype(auto) call_on(const F& f, shard s) {
    if constexpr (std::invocable<const F&, shard>) {
        return std::invoke(f, std::move(s));
    } else if constexpr (std::invocable<const F&, std::size_t>) {
        return std::invoke(f, s.index());
    } else {
        return std::invoke(f);
    }
}

template <class F>
using shard_result = await_result<decltype(call_on(std::declval<const F&>(), std::declval<shard>()))>;

/// Runs `f(shard)`, `f(index)` or `f()`, a coroutine, on `n` loops, each on a thread of its own: the first on the calling
/// one. Shards share nothing unasked; one has another do something by `co_await call(s.peer(i), f, args…)`.
///
///     run_sharded(4, [](shard s) -> task<> { co_await serve(s); });
///
/// A shard whose main has ended goes on serving calls until all have ended; then all loops close, as run() closes its.
/// The first main to fail cancels the others. The first SIGINT cancels that of shard 0, as in run(), and through it all,
/// even if that main has ended already.
/// @param n  1 or more
/// @param f  is called concurrently, and so as a const object; it lives until this returns
/// @return what the mains return: a std::vector by index, with pointers for references; void if they return nothing
/// @throws what the main that failed threw; if several did, an exception_group of it all, but a cancellation leaves alone:
///     then the others' errors go to their loops' exception handlers. keyboard_interrupt as run() does.
///     std::invalid_argument  n is 0; std::system_error  no thread can be started; invalid_state_error  a loop runs on
///     this thread
template <class F>
    requires sharded_function<std::remove_reference_t<F>>
auto run_sharded(std::size_t n, F&& f, run_options options = {}) {
    using R = shard_result<std::remove_reference_t<F>>;
    const auto& main = f;
    if constexpr (std::is_void_v<R>) {
        run_shards(n, [&main](shard s) -> task<> { co_await call_on(main, std::move(s)); }, options);
    } else {
        std::vector<result<R>> results(n);  // of which each shard writes its own
        run_shards(
            n,
            [&main, &results](shard s) -> task<> {
                const std::size_t index = s.index();
                results[index].set_value(co_await call_on(main, std::move(s)));
            },
            options);
        std::vector<value_of<R>> values;
        values.reserve(n);
        for (result<R>& r : results) {
            if constexpr (std::is_reference_v<R>) {
                values.push_back(std::addressof(r.take()));
            } else {
                values.push_back(r.take());
            }
        }
        return values;
    }
}

}  // namespace weft::inline v0
