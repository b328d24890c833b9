// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/awaitable.hpp>
#include <weft/coro/frame_memory.hpp>
#include <weft/coro/result.hpp>
#include <weft/exec/kept_call.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/executor.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace weft::inline v0 {

/// A call that a loop has another thread make: the one allocation of to_thread(). It holds the callable and its arguments,
/// then what came of them. The loop and the executor share it, so that neither needs the other to live on: the task may be
/// cancelled or destroyed, or the loop closed, while the call waits or runs.
///
///     pending    → running    the executor begins (run)
///     running    → done       and has ended: the job travels to the loop, unless that has closed
///     pending    → abandoned  the loop lost interest first: the call is never made
///     running    → abandoned  …or meanwhile: what comes of the call goes nowhere, and nobody is woken
///
/// On the loop's thread: submit, withdraw, abandon, arrived. On the executor's: run, finish, refuse.
class blocking_job : public executor_job, public ready_node, public recycled {
public:
    blocking_job(const blocking_job&) = delete;
    blocking_job& operator=(const blocking_job&) = delete;
    virtual ~blocking_job() = default;

    bool was_submitted() const noexcept { return loop_ != nullptr; }
    /// The context variables with which the call is made.
    void carry(carried_variables variables) noexcept { variables_ = std::move(variables); }
    /// Called when the job arrives.
    void notify(void (*f)(void*), void* argument) noexcept {
        notify_ = f;
        argument_ = argument;
    }

    /// Hands the job to `e`; it will arrive on `loop`. @throws what e.post() throws, and is as before then
    void submit(executor& e, event_loop& loop);

    /// Makes sure that the call is never made, if it has not begun. abandon() is to follow. @return false: it has begun
    bool withdraw() noexcept;
    /// Ends the loop's interest, and its hold on the job.
    void abandon() noexcept;

    void run() noexcept final;
    void finish() noexcept final;
    void refuse() noexcept final;

protected:
    blocking_job() noexcept { ready_node::run = came_back; }

    /// Makes the call, keeps what came of it, and lets go of the callable and its arguments.
    virtual void call() noexcept = 0;
    virtual void forget_call() noexcept = 0;
    /// It will not be made.
    virtual void set_error(std::exception_ptr error) noexcept = 0;
    /// On the loop's thread: it was made, or will not be. Not called after abandon(), which it may call.
    virtual void arrived() noexcept { notify_(argument_); }

private:
    enum class stage : unsigned char { pending, running, done, abandoned };

    static void came_back(ready_node& node);
    bool begin() noexcept;
    void expect(bool it) noexcept;
    void drop_reference() noexcept {
        // acquire and release: the last owner sees what the other did before it destroys
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    std::atomic<stage> stage_{stage::pending};
    std::atomic<unsigned char> references_{
        1};  // the loop's side; submit() adds the executor's, which comes back with it
    bool expected_ = false;  // the loop's side: its virtual clock knows of this call
    bool abandoned_ = false;  // the loop's side
    void (*notify_)(void*) = nullptr;
    void* argument_ = nullptr;
    event_loop* loop_ = nullptr;  // for the loop's side alone; null before submit()
    std::shared_ptr<loop_remote> remote_;  // for the executor's
    carried_variables variables_;
};

/// The loop's hold on a job.
struct job_abandoner {
    void operator()(blocking_job* job) const noexcept { job->abandon(); }
};
using job_pointer = std::unique_ptr<blocking_job, job_abandoner>;

/// The result's place.
template <class R>
class blocking_result : public blocking_job {
public:
    /// What the call gave, once, after the job arrived. @throws what it threw
    R take() { return result_.take(); }

protected:
    void set_error(std::exception_ptr error) noexcept override { result_.set_exception(std::move(error)); }

    result<R> result_;
};

/// A call for another thread to make.
template <class F, class... Args>
auto blocking_kept_call(F&& f, Args&&... args) {
    static_assert(
        !awaitable<kept_call_result<F, Args...>>,
        "weft: calling a coroutine function on another thread makes a coroutine there and runs nothing of it: "
        "give a thread an ordinary function, or co_await the coroutine itself");
    return kept_call(std::forward<F>(f), std::forward<Args>(args)...);
}

/// The place of the callable and its arguments. `Base`: a blocking_result.
template <class Base, class Call>
class blocking_job_of final : public Base {
public:
    explicit blocking_job_of(Call call) : call_(std::move(call)) {
        static_assert(alignof(blocking_job_of) <= alignof(std::max_align_t),
                      "weft: what is given to another thread, and its result, may not be aligned more strictly than "
                      "std::max_align_t; use a unique_ptr");
    }

private:
    void call() noexcept override {
        call_into(this->result_, *call_);
        call_.reset();
    }
    void forget_call() noexcept override { call_.reset(); }

    std::optional<Call> call_;
};

}  // namespace weft::inline v0
