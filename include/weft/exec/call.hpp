// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/exec/kept_call.hpp>
#include <weft/exec/loop_call_job.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/loop/waiter.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

template <class R>
class loop_call_result : public loop_call_job {
public:
    /// What the call gave, once, after it is back. @throws what it threw
    R take() { return result_.take(); }

protected:
    using loop_call_job::loop_call_job;

    void take_result(future_core& from) noexcept override {
        call_into(result_, [&]() -> R { return static_cast<future_state<R>&>(from).take(); });
    }
    void set_error(std::exception_ptr error) noexcept override { result_.set_exception(std::move(error)); }

    result<R> result_;
};

/// The place of what is called. `Call` gives a task<R>, or an R at once.
template <class R, class Call>
class loop_call_job_of final : public loop_call_result<R> {
public:
    loop_call_job_of(std::shared_ptr<loop_remote> callee, Call call)
        : loop_call_result<R>(std::move(callee)), call_(std::move(call)) {
        static_assert(alignof(loop_call_job_of) <= alignof(std::max_align_t),
                      "weft: what another loop is given to call, and its result, may not be aligned more strictly than "
                      "std::max_align_t; use a unique_ptr");
    }

private:
    void call(event_loop& callee) noexcept override {
        if constexpr (std::same_as<std::invoke_result_t<Call&>, task<R>>) {
            std::exception_ptr error;
            try {
                const task_handle<R> h = create_task_on(callee, (*call_)(), {.context = this->take_context()}, {});
                call_.reset();
                return this->listen_to(h.state());
            } catch (...) {
                error = std::current_exception();
            }
            this->set_error(std::move(error));
        } else {
            const call_context context(this->take_variables());
            call_into(this->result_, *call_);
        }
        call_.reset();
        this->returned();
    }
    void forget_call() noexcept override { call_.reset(); }

    std::optional<Call> call_;
};

/// Suspends a task while another loop makes a call: what does not depend on the result's type.
class loop_call_base : public waiter {
public:
    /// @throws invalid_state_error  it was awaited before
    bool await_ready() const;
    void start();
    void abandon() noexcept { job_.reset(); }

protected:
    struct abandoner {
        void operator()(loop_call_job* job) const noexcept { job->abandon(); }
    };
    using job_pointer = std::unique_ptr<loop_call_job, abandoner>;

    explicit loop_call_base(job_pointer job) noexcept : waiter(kind_), job_(std::move(job)) {}
    ~loop_call_base() = default;

    /// After the wait. @throws cancelled_error
    void check();

    static const wait_kind kind_;
    job_pointer job_;  // null once abandoned
};

/// What call() gives: the call is made when this is awaited. create_task() and gather() take it too.
template <class R>
class [[nodiscard("the call is made only when this is awaited")]] loop_call : public loop_call_base {
public:
    explicit loop_call(loop_call_result<R>* job) noexcept : loop_call_base(job_pointer(job)) {}

    R await_resume() {
        this->check();
        return static_cast<loop_call_result<R>&>(*job_).take();
    }

    /// The call as a task.
    friend weft::task<R> to_task(loop_call&& c) { return awaited(std::move(c.job_)); }

private:
    explicit loop_call(job_pointer job) noexcept : loop_call_base(std::move(job)) {}
    static weft::task<R> awaited(job_pointer job) { co_return co_await loop_call(std::move(job)); }
};

/// @param callee  may be the remote side of a loop that is gone
template <class F, class... Args>
auto make_loop_call(std::shared_ptr<loop_remote> callee, F&& f, Args&&... args) {
    using given = kept_call_result<F, Args...>;
    const auto make = [&]<class R, class Call>(std::type_identity<R>, Call call) {
        return loop_call<R>(new loop_call_job_of<R, Call>(std::move(callee), std::move(call)));
    };
    if constexpr (coroutine_call<F, Args...>) {
        static_assert(std::same_as<given, task<typename given::value_type>>,
                      "weft: another loop can be given a function, or a coroutine that returns weft::task");
        // Made there: the coroutine's frame keeps the callable and the arguments from then on.
        return make(std::type_identity<typename given::value_type>(),
                    kept_call(call_keeping<std::decay_t<F>, std::decay_t<Args>...>, std::forward<F>(f),
                              std::forward<Args>(args)...));
    } else {
        return make(std::type_identity<given>(), kept_call(std::forward<F>(f), std::forward<Args>(args)...));
    }
}

/// Has another thread's loop run `f(args…)`, an ordinary function or a coroutine, and waits for it:
///
///     int hits = co_await call(counters_loop, [](counters& c) { return ++c.hits; }, std::ref(c));
///
/// The callable and the arguments are copied or moved away, live on the callee's loop until the call has ended, and are
/// passed as rvalues; what is referred to must be the callee's business. It runs in a copy of the caller's context. What both loops touch is touched by the callee's
/// thread alone: that is what this is for.
/// @param callee  a loop that lives; this loop itself will do
/// @return awaited: what the call gives
/// @throws awaited: what the call throws, unchanged; cancelled_error if the callee's task was cancelled there;
///     invalid_state_error  the callee's loop is closed, or closes before the call has ended
/// @cancel a call that has not begun is never made; else the callee's task is cancelled, and awaited: what it returns in
///     spite of that is returned. Destroyed: the callee's task is cancelled, and what comes of it goes nowhere
/// @cost one allocation here, the task there, and a wake-up of each loop  @see run_coroutine_threadsafe, run_sharded
template <class F, class... Args>
    requires keepable_call<F, Args...>
auto call(event_loop& callee, F&& f, Args&&... args) {
    return make_loop_call(callee.remote(), std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace weft::inline v0
