// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/awaitable.hpp>
#include <weft/coro/result.hpp>
#include <weft/coro/task.hpp>
#include <weft/loop/cancel_scope.hpp>

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// What `with` takes: enter() and exit(error) are awaitable; exit is told the exception that ended the body, null if none.
/// @see an asynchronous context manager
template <class C>
concept async_context = requires(C& c, std::exception_ptr error) {
    { c.enter() } -> awaitable;
    { c.exit(error) } -> awaitable;
};

/// What a context's enter() gives: void, a reference or a value.
template <async_context C>
using entered_of = await_result<decltype(std::declval<C&>().enter())>;

template <class Body, class Entered>
struct body_call {
    using type = std::invoke_result_t<Body&, std::remove_reference_t<Entered>&>;
};
template <class Body, class Entered>
    requires(std::is_void_v<Entered> || !std::invocable<Body&, std::add_lvalue_reference_t<Entered>>)
struct body_call<Body, Entered> {
    using type = std::invoke_result_t<Body&>;
};

/// The result of a body that takes what was entered, or nothing.
template <class Body, class Entered>
using body_result = await_result<typename body_call<Body, Entered>::type>;

/// Whether a context's exit() waits for tasks and deals with the cancel scopes around it itself: a task_group's.
template <class C>
constexpr bool exit_joins_tasks = false;
template <class C>
    requires requires { C::exit_joins_tasks; }
constexpr bool exit_joins_tasks<C> = C::exit_joins_tasks;

/// Calls exit() of a context, spared by the cancel scopes around it.
/// @return whether it has dealt with the error, so that it goes no further
template <async_context C>
task<bool> exit_context(C& context, std::exception_ptr error) {
    const cleanup_shield spared(exit_joins_tasks<C> ? nullptr : co_await with_task());
    if constexpr (std::same_as<await_result<decltype(context.exit(error))>, bool>) {
        co_return co_await context.exit(error) && error;
    } else {
        co_await context.exit(error);
        co_return false;
    }
}

/// Whether a context's exit() is at once, and wanted even where nothing can be awaited any more: a lock's.
template <class C>
constexpr bool exits_when_destroyed = false;
template <class C>
    requires requires { C::exits_when_destroyed; }
constexpr bool exits_when_destroyed<C> = C::exits_when_destroyed;

/// Leaves a context whose block is destroyed while it waits.
template <class C>
class exit_when_destroyed {
public:
    exit_when_destroyed() noexcept = default;
    exit_when_destroyed(const exit_when_destroyed&) = delete;
    exit_when_destroyed& operator=(const exit_when_destroyed&) = delete;
    ~exit_when_destroyed() {
        if constexpr (exits_when_destroyed<C>) {
            if (!context_) return;
            try {
                (void)context_->exit(nullptr);
            } catch (const invalid_state_error&) {
                // the body had released it by itself
            }
        }
    }
    void entered(C& c) noexcept { context_ = &c; }
    void exits() noexcept { context_ = nullptr; }

private:
    C* context_ = nullptr;
};

template <class Context, class Body, class Entered = entered_of<std::remove_reference_t<Context>>,
          class R = body_result<Body, Entered>>
task<R> run_with(Context context, Body body) {
    exit_when_destroyed<std::remove_reference_t<Context>> destroyed;
    std::exception_ptr error;
    result<R> outcome;
    const auto run_body = [&](auto&... entered) -> task<> {
        try {
            if constexpr (std::is_void_v<R>) {
                co_await body(entered...);
            } else {
                outcome.set_value(co_await body(entered...));
            }
        } catch (...) {
            error = std::current_exception();
        }
    };
    if constexpr (std::is_void_v<Entered>) {
        co_await context.enter();
        destroyed.entered(context);
        co_await run_body();
    } else {
        auto&& entered = co_await context.enter();
        destroyed.entered(context);
        if constexpr (std::invocable<Body&, decltype(entered)&>) {
            co_await run_body(entered);
        } else {
            co_await run_body();
        }
    }
    destroyed.exits();
    const bool swallowed = co_await exit_context(context, error);
    if (error && !swallowed) std::rethrow_exception(std::move(error));
    if constexpr (!std::is_void_v<R>) {
        using exit_gives = await_result<decltype(context.exit(error))>;
        static_assert(!std::same_as<exit_gives, bool> || std::default_initializable<R>,
                      "weft: with(): this context can swallow an exception, and there is no result then: let the body "
                      "return what is default-initializable");
        if constexpr (std::same_as<exit_gives, bool>) {
            if (swallowed) co_return R{};
        }
        co_return outcome.take();
    }
}

/// Enters `context`, awaits `body`, and leaves the context, whatever becomes of the body: Python's `async with`.
///
///     auto rows = co_await with(pool.connection(), [&](connection& c) -> task<rows> { … });
///
/// @param context  by reference if it is an lvalue; a temporary is kept. (One that cannot be moved is referred to: await the
///     call in the expression that makes it.)
/// @param body  a coroutine function, kept with its captures; it takes what enter() gives, or nothing
/// @return awaited: what the body returns. Nothing else happened if enter() throws
/// @throws awaited: what the body throws, unless exit() gives true; what enter() or exit() throws
/// @cancel exit() is awaited to its end; cancel scopes around it do not reach into it  @see async with, cancel_scope
template <class Context, class Body>
    requires async_context<std::remove_reference_t<Context>>
auto with(Context&& context, Body&& body) {
    using kept =
        std::conditional_t<std::is_lvalue_reference_v<Context> || std::move_constructible<Context>, Context, Context&&>;
    return run_with<kept, std::decay_t<Body>>(std::forward<Context>(context), std::forward<Body>(body));
}

}  // namespace weft::inline v0
