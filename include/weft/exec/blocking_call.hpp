// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/exec/blocking_job.hpp>
#include <weft/loop/waiter.hpp>

#include <exception>
#include <utility>

namespace weft::inline v0 {

/// Suspends a task while another thread makes a call: what does not depend on the result's type.
class blocking_call_base : public waiter {
public:
    /// @throws invalid_state_error  it was awaited before
    bool await_ready() const;
    void start();
    void abandon() noexcept { job_.reset(); }

protected:
    blocking_call_base(executor* e, job_pointer job) noexcept : waiter(kind_), executor_(e), job_(std::move(job)) {}
    ~blocking_call_base() = default;

    /// After the wait. @throws cancelled_error; why start() failed
    void check();

    static const wait_kind kind_;
    executor* executor_;  // null: the default one of the loop
    job_pointer job_;  // null once abandoned
    std::exception_ptr refused_;  // why start() failed
    bool is_back_ = false;

private:
    void came_back() noexcept;
};

/// What to_thread() and thread_pool::run() give: the call is made when this is awaited. create_task() and gather() take it
/// too.
template <class R>
class [[nodiscard("the call is made only when this is awaited")]] blocking_call : public blocking_call_base {
public:
    blocking_call(executor* e, job_pointer job) noexcept : blocking_call_base(e, std::move(job)) {}

    R await_resume() {
        this->check();
        return static_cast<blocking_result<R>&>(*job_).take();
    }

    /// The call as a task.
    friend weft::task<R> to_task(blocking_call&& c) { return awaited(c.executor_, std::move(c.job_)); }

private:
    static weft::task<R> awaited(executor* e, job_pointer job) { co_return co_await blocking_call(e, std::move(job)); }
};

/// @param e  null: the default executor of the loop that awaits it
template <class F, class... Args>
auto make_blocking_call(executor* e, F&& f, Args&&... args) {
    using R = kept_call_result<F, Args...>;
    auto call = blocking_kept_call(std::forward<F>(f), std::forward<Args>(args)...);
    return blocking_call<R>(e, job_pointer(new blocking_job_of<blocking_result<R>, decltype(call)>(std::move(call))));
}

}  // namespace weft::inline v0
