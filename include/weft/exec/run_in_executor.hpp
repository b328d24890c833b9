// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/exec/blocking_job.hpp>
#include <weft/exec/default_pool.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>

#include <exception>
#include <utility>

namespace weft::inline v0 {

/// A job whose result goes to a future of the loop. The loop's side keeps the future alive until then.
template <class R>
class future_job : public blocking_result<R>, public future_listener, public loop_resource {
public:
    future_job() noexcept : future_listener(future_done) {}

    future<R> start(executor& e, event_loop& loop) {
        job_pointer unless_taken(this);
        future<R> f(loop);
        this->submit(e, loop);
        future_ = future_reference<future_state<R>>(f.state());
        f.state().listen(*this);
        loop.attach(*this);
        unless_taken.release();
        return f;
    }

private:
    /// Someone cancelled it, or gave it a result.
    static void future_done(future_listener& l, future_core*) { static_cast<future_job&>(l).leave(); }
    void loop_closes() noexcept override { leave(); }

    void arrived() noexcept override {
        const auto f = let_go();
        std::exception_ptr error;
        try {
            if constexpr (std::is_void_v<R>) {
                this->take();
                f->set_result();
            } else {
                f->set_result(this->take());
            }
        } catch (...) {
            error = std::current_exception();
        }
        if (error && is_cancellation(error)) {
            f->cancel({});
        } else if (error) {
            f->set_exception(std::move(error));
        }
        this->abandon();
    }

    future_reference<future_state<R>> let_go() noexcept {
        future_listener::unlink();
        loop_resource::unlink();
        return std::move(future_);
    }
    void leave() noexcept {
        const auto f = let_go();
        this->abandon();
    }

    future_reference<future_state<R>> future_;
};

/// Has an executor call `f(args…)`, at once and whether or not anybody awaits the result. Context variables stay behind.
///
///     future<int> sum = run_in_executor(pool, add_up, numbers);
///
/// The callable and the arguments are copied or moved away and live until the call has ended; they are passed as rvalues.
/// @param e  a thread_pool, say, which need not outlive the call; null: the loop's default one
/// @return a future of the running loop. Cancelling it gives the call up: if it has not begun it is never made, if it runs
///     what comes of it goes nowhere
/// @throws no_running_loop_error; invalid_state_error  the executor was shut down; std::system_error  no thread can be started
/// @cost three allocations  @see loop.run_in_executor, to_thread
template <class F, class... Args>
    requires keepable_call<F, Args...>
auto run_in_executor(executor* e, F&& f, Args&&... args) {
    using R = kept_call_result<F, Args...>;
    event_loop& loop = get_running_loop();
    auto call = blocking_kept_call(std::forward<F>(f), std::forward<Args>(args)...);
    executor& chosen = e ? *e : default_pool(loop);
    return (new blocking_job_of<future_job<R>, decltype(call)>(std::move(call)))->start(chosen, loop);
}
template <class F, class... Args>
    requires keepable_call<F, Args...>
auto run_in_executor(executor& e, F&& f, Args&&... args) {
    return run_in_executor(&e, std::forward<F>(f), std::forward<Args>(args)...);
}
/// On the loop's default executor.
template <class F, class... Args>
    requires keepable_call<F, Args...>
auto run_in_executor(F&& f, Args&&... args) {
    return run_in_executor(static_cast<executor*>(nullptr), std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace weft::inline v0
