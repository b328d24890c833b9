// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/frame_memory.hpp>
#include <weft/coro/result.hpp>
#include <weft/exec/kept_call.hpp>
#include <weft/loop/context.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <optional>

namespace weft::inline v0 {

/// A call from one loop to another: it travels to the callee's loop, and comes back with the result.
///
///     waiting → begun      the callee's loop has it: it always comes back, unless the caller's loop has closed
///     waiting → withdrawn  the caller lost interest first: the call is never made
///
/// A request to cancel what has begun travels after it. The two loops share the job; each half belongs to one thread, and
/// what one writes for the other travels with the job.
class loop_call_job : public ready_node, public future_listener, public recycled {
public:
    loop_call_job(const loop_call_job&) = delete;
    loop_call_job& operator=(const loop_call_job&) = delete;
    virtual ~loop_call_job() = default;

    // On the caller's thread

    bool was_submitted() const noexcept { return caller_ != nullptr; }
    /// Sends the job out; `f(argument)` is called when it is back, be it because the callee's loop is closed.
    void submit(event_loop& caller, void (*f)(void*), void* argument);
    /// Ends the call before it began. @return false if it has begun
    bool withdraw() noexcept;
    /// Cancels the callee's task.
    void request_cancel() noexcept;
    bool is_back() const noexcept { return back_; }
    /// It is back, and not all of the caller's requests to cancel it came in time for the callee to hear of them.
    bool missed_a_cancellation() const noexcept { return cancels_requested_ > cancels_delivered_; }
    /// Ends the caller's interest, and its hold on the job.
    void abandon() noexcept;

protected:
    explicit loop_call_job(std::shared_ptr<loop_remote> callee) noexcept;

    // On the callee's thread

    /// Makes the call, in the caller's context: then returned(), or listen_to() the task that will give the result.
    virtual void call(event_loop& callee) noexcept = 0;
    virtual void take_result(future_core& from) noexcept = 0;
    virtual void set_error(std::exception_ptr error) noexcept = 0;
    virtual void forget_call() noexcept = 0;
    /// A copy of the caller's context, for a task; empty if nothing was set in it. Or what is set in it, for a call.
    std::optional<context> take_context() noexcept;
    carried_variables take_variables() noexcept;
    void listen_to(future_core& task) noexcept;
    /// Sends the job back.
    void returned() noexcept;

private:
    enum class stage : unsigned char { waiting, begun, withdrawn };
    struct cancel_request : ready_node {
        explicit cancel_request(loop_call_job& j) noexcept : job(j) {}
        loop_call_job& job;
    };

    static void at_callee(ready_node& node);
    static void cancel_at_callee(ready_node& node);
    static void task_ended(future_listener& l, future_core* done);
    static void leaving_callee(ready_node& node);
    static void back_at_caller(ready_node& node);
    void fail_as_closed() noexcept;
    bool leave(stage to) noexcept;
    void expect(bool it) noexcept;
    void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void drop_reference() noexcept {
        // acquire and release: the last owner sees what the other did before it destroys
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    std::shared_ptr<loop_remote> callee_;
    std::shared_ptr<loop_remote> caller_remote_;
    cancel_request cancel_request_;
    std::atomic<stage> stage_{stage::waiting};
    std::atomic<unsigned> references_{1};  // the caller's; the job on its way has another, a request to cancel a third
    std::atomic<unsigned> cancels_{0};  // that the callee has not heard of yet

    context_reference context_;  // the caller's copy for the callee; null: nothing is set in it

    // The caller's
    event_loop* caller_ = nullptr;
    void (*notify_)(void*) = nullptr;
    void* argument_ = nullptr;
    bool expected_ = false, back_ = false, abandoned_ = false;
    unsigned cancels_requested_ = 0;

    // The callee's; the caller's when it is back
    future_core* task_ = nullptr;
    unsigned cancels_delivered_ = 0;
};

}  // namespace weft::inline v0
