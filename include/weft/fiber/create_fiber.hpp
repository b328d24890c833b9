// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/result.hpp>
#include <weft/coro/task.hpp>
#include <weft/coro/trace_exception.hpp>
#include <weft/fiber/await.hpp>  // IWYU pragma: export
#include <weft/fiber/fiber_promise.hpp>
#include <weft/loop/task_handle.hpp>

#include <coroutine>
#include <functional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

// Fibers as tasks: ordinary functions that wait for whatever coroutines can wait for.
//
//     int answer(weft::queue<int>& q) { return weft::await(q.get()) + 1; }
//     weft::task_handle<int> h = weft::create_fiber(answer, std::ref(q));
//     int n = co_await h;

namespace weft::inline v0 {

/// Awaits a call that is made on a fiber's stack.
template <class R, class Call>
class fiber_call : public native_awaiter {
public:
    fiber_call(Call& call, const fiber_options& options, std::source_location made_at) noexcept
        : call_(call), made_at_(made_at), frame_(options, &run, this) {}
    fiber_call(const fiber_call&) = delete;
    fiber_call& operator=(const fiber_call&) = delete;

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        return frame_.promise.start_below(h.promise(), made_at_);
    }
    R await_resume() {
        frame_.promise.awaiter()->awaited_finished();
        frame_.promise.raise_failure();
        return result_.take();
    }

private:
    static void run(void* context) noexcept {
        fiber_call& self = *static_cast<fiber_call*>(context);
        try {
            if constexpr (std::is_void_v<R>) {
                self.call_();
            } else {
                self.result_.set_value(self.call_());
            }
        } catch (...) {  // fiber_exit as well, which nobody will ask for
            self.result_.set_exception(self.frame_.promise.exception_leaving_body());
        }
    }

    Call& call_;
    const std::source_location made_at_;
    result<R> result_;
    fiber_frame frame_;
};

template <class F, class... Args>
using fiber_result = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>...>;

template <class F, class... Args>
concept fiber_function = std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>...>;

/// A coroutine that keeps a callable and its arguments, and awaits the call on a fiber's stack.
template <class F, class... Args>
task<fiber_result<F, Args...>> fiber_as_task(fiber_options options, std::source_location made_at, F f, Args... args) {
    using returned = fiber_result<F, Args...>;
    auto call = [&]() -> returned { return std::invoke(f, std::move(args)...); };
    fiber_call<returned, decltype(call)> made(call, options, made_at);
    co_return co_await made;
}

template <class F, class... Args>
auto create_fiber_task(fiber_options options, std::source_location made_at, F&& f, Args&&... args) {
    if constexpr (!std::is_void_v<fiber_result<F, Args...>>) {
        static_assert(!awaitable<fiber_result<F, Args...>>,
                      "weft: create_fiber of what gives an awaitable: a coroutine is started by create_task");
    }
    std::string name = options.name;
    auto handle = create_task(fiber_as_task<std::decay_t<F>, std::decay_t<Args>...>(
                                  std::move(options), made_at, std::forward<F>(f), std::forward<Args>(args)...),
                              made_at);
    if (!name.empty()) handle.set_name(std::move(name));
    return handle;
}

/// Schedules the call `f(args…)` of an ordinary function on the running loop, on a stack of its own: in it, at any depth,
/// await() waits. To everybody else it is a task like any: it is awaited, cancelled (a cancelled_error at its next await()),
/// named and listed. Callable and arguments are copied or moved in, as by create_task; a stack is taken when it starts.
/// @param made_at  as of create_task: with more than two arguments reports leave it out
/// @throws no_running_loop_error
/// @see gevent.spawn, create_task
template <fiber_function F>
auto create_fiber(F&& f, std::source_location made_at = std::source_location::current()) {
    return create_fiber_task({}, made_at, std::forward<F>(f));
}
template <class F, class A>
    requires fiber_function<F, A>
auto create_fiber(F&& f, A&& a, std::source_location made_at = std::source_location::current()) {
    return create_fiber_task({}, made_at, std::forward<F>(f), std::forward<A>(a));
}
template <class F, class A, class B>
    requires fiber_function<F, A, B>
auto create_fiber(F&& f, A&& a, B&& b, std::source_location made_at = std::source_location::current()) {
    return create_fiber_task({}, made_at, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b));
}
template <class F, class... Args>
    requires(sizeof...(Args) > 2) && fiber_function<F, Args...>
auto create_fiber(F&& f, Args&&... args) {
    return create_fiber_task({}, {}, std::forward<F>(f), std::forward<Args>(args)...);
}
/// The same with a name, which is the task's as well, and a size of stack.
template <fiber_function F>
auto create_fiber(fiber_options options, F&& f, std::source_location made_at = std::source_location::current()) {
    return create_fiber_task(std::move(options), made_at, std::forward<F>(f));
}
template <class F, class... Args>
    requires(sizeof...(Args) > 0) && fiber_function<F, Args...>
auto create_fiber(fiber_options options, F&& f, Args&&... args) {
    return create_fiber_task(std::move(options), {}, std::forward<F>(f), std::forward<Args>(args)...);
}

/// The call `f(args…)` on a stack of its own as a coroutine, begun when it is awaited: for what takes coroutines, such as
/// gather() or the handler of a server. Otherwise as create_fiber().
///
///     co_await weft::start_server([](weft::stream s) { return weft::run_in_fiber(serve, std::move(s)); }, "::1", 7);
template <class F, class... Args>
    requires fiber_function<F, Args...>
task<fiber_result<F, Args...>> run_in_fiber(F&& f, Args&&... args) {
    return fiber_as_task<std::decay_t<F>, std::decay_t<Args>...>({}, {}, std::forward<F>(f),
                                                                 std::forward<Args>(args)...);
}
template <class F, class... Args>
    requires fiber_function<F, Args...>
task<fiber_result<F, Args...>> run_in_fiber(fiber_options options, F&& f, Args&&... args) {
    return fiber_as_task<std::decay_t<F>, std::decay_t<Args>...>(std::move(options), {}, std::forward<F>(f),
                                                                 std::forward<Args>(args)...);
}

}  // namespace weft::inline v0
