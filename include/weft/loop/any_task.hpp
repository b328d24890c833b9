// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/loop/task_handle.hpp>

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// A task whatever its result is: what current_task() and all_tasks() give. Copies refer to the same task.
/// @thread its loop's  @see task_handle, asyncio.Task
class any_task {
public:
    any_task(task_core& t) noexcept : state_(t.kind().future(t)) {}
    template <class T>
    any_task(const task_handle<T>& h) : state_(h.state()) {}

    std::string name() const { return core().name(); }
    void set_name(std::string name) const { core().set_name(std::move(name)); }
    bool cancel(std::string message = {}) const { return core().cancel(std::move(message)); }
    unsigned cancelling() const { return core().cancelling(); }
    unsigned uncancel() const { return core().uncancel(); }
    weft::context context() const { return core().shared_context(); }
    std::vector<stack_frame> stack() const { return await_chain(core().kind().outermost(core())); }
    void print_stack() const { weft::print_stack(core()); }

    bool done() const { return state().done(); }
    bool cancelled() const { return state().cancelled(); }
    /// @throws invalid_state_error, cancelled_error
    std::exception_ptr exception() const { return state().exception(); }
    event_loop& get_loop() const { return state().require_loop(); }

    friend bool operator==(const any_task& a, const any_task& b) noexcept {
        return a.state_.operator->() == b.state_.operator->();
    }

    /// Waits until it is done; its result stays with it. Cancelling the await cancels the task.
    /// @throws awaited: what the task threw, cancelled_error
    class awaiter : public future_waiter {
    public:
        using future_waiter::future_waiter;
        void await_resume() {
            this->resumed();
            if (awaited().exception()) awaited().throw_failure();
        }
    };
    awaiter operator co_await() const { return awaiter(future_reference<future_core>(state())); }

    future_core& state() const {
        if (!state_) [[unlikely]]
            throw_moved_from();
        return *state_;
    }
    task_core& core() const { return *state().task(); }

private:
    future_reference<future_core> state_;
};

/// The task that calls this. @throws no_running_loop_error  no loop runs on this thread, or no task in it
/// @see asyncio.current_task
any_task current_task();

/// The tasks of the running loop that are not done. @throws no_running_loop_error  @see asyncio.all_tasks
std::vector<any_task> all_tasks();
std::vector<any_task> all_tasks(event_loop& loop);

}  // namespace weft::inline v0
