// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/execution.hpp>
#include <weft/coro/promise_base.hpp>
#include <weft/loop/context.hpp>
#include <weft/loop/ready_queue.hpp>
#include <weft/loop/registry.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft::inline v0 {

struct async_generator_hooks;
class future_core;
class scope_link;
class task_core;
class waiter;

/// The loop that this thread is running; null if none.
extern constinit thread_local event_loop* this_thread_loop;

/// What a kind of task does its own way. A task of coroutine frames is one kind; a fiber or a Python coroutine may be
/// others: the loop, cancellation and the registry know only this.
struct task_kind : execution_kind {
    /// Runs the task to its next suspension. Null for tasks of coroutine frames, which have a resume point instead.
    void (*resume)(task_core&);
    /// The task has finished: hand its result to its future and drop the loop's ownership.
    void (*finish)(task_core&) noexcept;
    /// Ends a task that has not started: its body never runs.
    void (*finish_unstarted)(task_core&) noexcept;
    /// Destroys whatever is suspended, innermost first, and drops the loop's ownership.
    void (*destroy)(task_core&) noexcept;
    /// The outermost coroutine, for walking the chain of awaits; null for tasks that have none.
    promise_base* (*outermost)(task_core&) noexcept;
    future_core& (*future)(task_core&) noexcept;
    /// For the registry's readers: the distances in bytes from the task to the handle of its outermost coroutine, and to its
    /// future. 0: it has none.
    std::int32_t to_body = 0;
    std::int32_t to_future = 0;
};

/// What most tasks do without.
struct task_extras {
    std::uint64_t id = 0;
    std::string name;
    std::string cancel_message;
    scope_link* innermost_scope = nullptr;
    context_reference context;
};

/// What `weft ps` says of a task.
enum class task_state_code { ready, running, waiting };

/// A task as the loop sees it: something ready or waiting, that can be resumed, cancelled and named.
/// Belongs to its loop's thread; only wake() may be called from others.
class task_core : public ready_node, public execution {
public:
    task_core(const task_kind& kind, event_loop& loop) noexcept : execution(kind, &loop) { run = &run_first_step; }
    ~task_core() {
        if (has_extras()) [[unlikely]]
            drop_extras();
    }

    const task_kind& kind() const noexcept { return static_cast<const task_kind&>(kind_of_execution()); }
    std::uint64_t id() const noexcept { return has_extras() ? extras().id : id_or_extras_ >> 1; }
    std::string name() const;
    /// The one that it was given; empty: none.
    std::string_view own_name() const noexcept { return has_extras() ? std::string_view(extras().name) : ""; }
    void set_name(std::string name) { need_extras().name = std::move(name); }
    task_state_code state_code() const noexcept;

    /// Requests cancellation: one cancelled_error at the await where it waits, or at its next one.
    /// @return false if the task has finished  @see asyncio.Task.cancel
    bool cancel(std::string message = {});
    unsigned uncancel() noexcept;
    /// uncancel() for whoever has requested one cancellation of its own and knows that it has ended what it was to end:
    /// if nobody else has made a request since there were `cancelling_before`, none is raised any more.
    /// @return whether that is so
    bool take_back_cancel(unsigned cancelling_before) noexcept;

    /// What it is suspended at; null when it is ready, runs, or waits for something foreign.
    waiter* waiting_at() const noexcept { return waiting_at_; }

    /// For waiters: the task is suspended at `w`.
    void wait_at(waiter& w) noexcept { waiting_at_ = &w; }
    /// For waiters that die while the task waits (its frame is being destroyed).
    void stop_waiting() noexcept { waiting_at_ = nullptr; }

    /// A cancellation is to be raised at the next opportunity.
    bool must_cancel() const noexcept { return flags_ & (requested | wait_ended | by_scope); }
    /// A request reached what is awaited too late to be heard there: it is raised at the next await.
    void postpone_cancellation() noexcept { set(requested); }
    /// What this is about to await was cancelled in its place.
    /// @return whether that is enough: nothing else is to be raised here
    bool pass_on_cancellation() noexcept {
        clear(requested);
        return !must_cancel();
    }
    /// A cancelled_error that is not its own is raised where it resumes: that is enough for a request made meanwhile.
    /// @return false if its wait was ended by a request: that one is raised
    bool yields_to_cancellation_of_awaited() noexcept {
        if (flags_ & wait_ended) return false;
        clear(requested);
        return true;
    }
    /// The message of the last request.
    const std::string& cancel_message() const noexcept;
    /// A request has come that was not raised yet.
    bool has_pending_request() const noexcept { return flags_ & requested; }
    /// It was cancelled after its last await, and finds out no more: it ends as cancelled all the same, as in asyncio.
    bool was_cancelled_at_the_end() const noexcept { return has_pending_request(); }
    std::exception_ptr cancellation_at_the_end() const;
    /// Raises the pending cancellation, if there is one. @throws cancelled_error
    void raise_pending_cancellation() {
        if (must_cancel()) [[unlikely]]
            raise_cancellation();
    }
    /// Raises a cancellation with the message of the last request. @throws cancelled_error
    [[noreturn]] void raise_cancellation();

    // Scopes: level-triggered cancellation (see cancel_scope)

    scope_link* innermost_scope() const noexcept { return has_extras() ? extras().innermost_scope : nullptr; }
    /// Innermost scopes come and go like the blocks they are.
    void enter_scope(scope_link& s);
    void leave_scope(scope_link& s) noexcept;
    /// Some scope was cancelled, shielded or left: finds out whether this must be cancelled at every await, and ends the
    /// present one if it has begun to.
    void scopes_have_changed() noexcept;

    /// What its context variables are set to; null while there was no need.
    const context_reference* context() const noexcept { return has_extras() ? &extras().context : nullptr; }
    context_reference& context_to_change() { return need_extras().context; }
    weft::context shared_context();

    /// Once, before anything else: it has an id, and is one of the loop's tasks.
    void join_registry(task_registry& tasks, std::uint64_t& last_id) {
        const task_core* const creator = tasks.current();
        id_or_extras_ = ++last_id << 1 | 1;
        suspended_since_ = tasks.tick();
        slot_ = tasks.add(*this, creator ? creator->id() : 0);
    }
    /// It is over, or to be destroyed: no list names it any more.
    void leave_registry() noexcept;

    /// The task that a coroutine runs in. @throws no_running_loop_error  it is being stepped by hand
    static task_core& of(const promise_base& p);

    /// For awaiters: suspends it at `h`, to go on when all that is ready has had its turn.
    /// @return false if a cancellation is pending: it is to go on at once, and to raise it
    bool suspend_ready(std::coroutine_handle<> h) noexcept {
        if (must_cancel()) [[unlikely]]
            return false;
        suspend_at(h);
        make_ready();
        return true;
    }

    /// Makes a suspended task ready. Every wake-up of a task on its loop's thread ends here.
    void make_ready() noexcept;

    bool has_started() const noexcept { return run != &run_first_step; }

    /// Runs its first step now, within its creator's.
    void start_eagerly();

    /// The task that a ready node is; null if it is something else.
    static task_core* from(ready_node& node) noexcept;

    static void wake_from_anywhere(execution& e);
    /// What async generators need of the loop.
    static const async_generator_hooks async_generator_hooks_of_tasks;
    static void check_cancellation(execution& e) { static_cast<task_core&>(e).raise_pending_cancellation(); }

private:
    friend struct memory_layout;
    enum flag : std::uint8_t {
        // A cancellation is to be raised:
        requested = 1,  // by cancel(), at the next await; uncancel() takes it back
        wait_ended = 2,  // it was woken for it, and uncancel() cannot take it back
        by_scope = 4,  // at every await until the scope is left
        // And:
        passing_on = 8,  // during cancel()
    };

    static void run_first_step(ready_node& node);
    static void run_step(ready_node& node);
    void resume_body();
    void resume_measured(task_registry& tasks);
    [[noreturn]] static void throw_no_loop();
    bool has_extras() const noexcept { return !(id_or_extras_ & 1); }
    task_extras& extras() const noexcept { return *reinterpret_cast<task_extras*>(id_or_extras_); }
    task_extras& need_extras();
    void drop_extras() noexcept;
    void note_request(std::string message);
    task_core* task_awaited() const noexcept;
    void end_wait_here_or_below();
    void end_wait();
    void set(flag f) noexcept { flags_ |= f; }
    void clear(unsigned f) noexcept { flags_ &= static_cast<std::uint8_t>(~f); }

    // In this order they and what is inherited leave no gap: a task is to be small.
    std::atomic<bool> queued_{false};  // in the ready queue, or on its way there from another thread
    std::uint8_t flags_ = 0;
    waiter* waiting_at_ = nullptr;
    std::uint32_t slot_ = 0;  // its number, while it is in the registry
    std::uint32_t suspended_since_ = 0;  // a tick of the registry's
    std::uintptr_t id_or_extras_ = 1;  // the id, shifted up above a 1; or a pointer to the extras, which then hold it
};

inline task_core& task_core::of(const promise_base& p) {
    execution& e = *p.running_in();
    if (!e.loop()) [[unlikely]]
        throw_no_loop();
    return static_cast<task_core&>(e);
}

}  // namespace weft::inline v0
