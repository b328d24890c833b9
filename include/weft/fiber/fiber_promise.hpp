// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/promise_base.hpp>
#include <weft/fiber/fiber.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace weft::inline v0 {

class native_stack;
struct fiber_frame;
struct native_functions;
struct stack_frame;

/// A fiber as a coroutine, to whatever it waits for: its promise, behind a coroutine frame's two functions, made by hand.
/// Whoever resumes the handle enters the fiber; whoever destroys it unwinds its stack. It is linked into the chain of
/// awaits like any other: a task is cancelled, listed and traced through it. (ADR 0025) @thread the loop's
class fiber_promise : public awaiting_promise {
public:
    /// What runs on the fiber's stack.
    using body = void (*)(void* context) noexcept;

    fiber_promise(const fiber_options& options, body run, void* context) noexcept
        : options_(options), body_(run), context_(context) {}

    /// Of the fiber that runs, which is about to await. @throws invalid_state_error  none does, or one that is no task's
    /// @throws cancelled_error  one that it owes
    static fiber_promise& running();

    /// Null: there is none yet, or not any more.
    const fiber_core* own_fiber() const noexcept { return own_; }

    /// While it lives, the fiber that runs is within an await(): on its stack, what weft does for it must not wait itself.
    class awaiting {
    public:
        explicit awaiting(fiber_promise& p) noexcept
            : promise_(p), before_(std::exchange(p.awaits_, true)), in_flight_(std::uncaught_exceptions()) {
            p.raised_through_.clear();
        }
        awaiting(const awaiting&) = delete;
        awaiting& operator=(const awaiting&) = delete;
        ~awaiting() {
            promise_.awaits_ = before_;
            if (std::uncaught_exceptions() > in_flight_) [[unlikely]]
                promise_.note_callers();
        }

    private:
        fiber_promise& promise_;
        const bool before_;
        const int in_flight_;
    };
    bool awaits() const noexcept { return awaits_; }

    /// A cancellation of which C code was told by an error code: it is raised where the fiber next awaits, or else at its end.
    void owe(std::exception_ptr cancellation) noexcept { owed_ = std::move(cancellation); }
    bool owes() const noexcept { return owed_ != nullptr; }
    std::exception_ptr take_owed() noexcept { return std::exchange(owed_, nullptr); }
    /// How often C code was told since it last awaited.
    unsigned refusals = 0;
    /// The same since it is being destroyed.
    unsigned refusals_at_end = 0;

    /// On the loop's stack: links it below `awaiting`, and runs it there, from await_suspend. (Not in the place of the awaiting
    /// coroutine: one that awaits fiber after fiber, none of which waits, would be resumed by each within the one before.)
    /// @return whether it waits; if not, it has ended
    bool start_below(promise_base& awaiting, std::source_location where) noexcept;

    /// On the fiber's stack: back to the loop's, to go on when the handle is resumed.
    /// @param next  to be resumed there @throws fiber_exit  it is being destroyed
    void park(std::coroutine_handle<> next = nullptr);

    /// For the end of the body: the exception being handled, which leaves it. It has come through the await() that raised
    /// it, if the last one did, and the functions that were on the stack then. (ADR 0025)
    std::exception_ptr exception_leaving_body() noexcept;

    /// The functions on its stack, outermost first, up to the one that has called await() (to the caller of this, if it is this
    /// fiber that runs), or a blocking call of C; if that stands in a generator, on the stacks of all who have asked one another.
    /// Without the line in the last, which where() knows. Empty: it stands nowhere, or not on this thread.
    native_functions functions_on_stack() noexcept;
    /// On a stack where another is waited for, which has been switched to: perhaps by who only wants to see it.
    /// @return to whom to switch back; null: it was no such visit
    fiber_core* show_stack() noexcept;

    /// What could not even begin. @throws std::system_error, std::bad_alloc
    void raise_failure() const {
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    friend struct fiber_frame;
    static void enter_frame(fiber_frame* self);
    static void unwind_frame(fiber_frame* self);
    static void be_seen_by_others() noexcept;
    static bool add_native_frames(const promise_base& p, std::vector<stack_frame>& frames);
    void enter() noexcept;
    bool run_to_end_or_wait() noexcept;
    bool run_until_it_waits() noexcept;
    void note_callers() noexcept;
    bool visit(fiber_core& standing, void* value, native_stack& seen) noexcept;

    const fiber_options& options_;
    const body body_;
    void* const context_;
    std::optional<fiber<>> fiber_;
    fiber_core* own_ = nullptr;  // the fiber; null: there is none yet, or not any more
    native_stack* visitor_ = nullptr;  // is to be told of the stack by the fiber, which goes on waiting
    std::vector<void*> raised_through_;  // return addresses: who had called the last await(), which has raised
    fiber_core* entered_from_ = nullptr;
    fiber_core* core_ = nullptr;  // goes on when this is resumed: the fiber, or a generator that it has asked
    std::coroutine_handle<> next_;
    std::coroutine_handle<> owner_;
    std::exception_ptr failure_, owed_;
    bool entered_ = false;
    bool awaits_ = false;
    bool resumed_meanwhile_ = false;
    bool parked_ = false;  // it stands in park()
};

/// What a coroutine_handle points at, as every compiler lays it out (Clang, GCC and MSVC agree, so that handles can be passed
/// between them; promise_base relies on it too).
struct fiber_frame {
    fiber_frame(const fiber_options& options, fiber_promise::body run, void* context) noexcept
        : promise(options, run, context) {}

    void (*const resume)(fiber_frame*) = &fiber_promise::enter_frame;
    void (*const destroy)(fiber_frame*) = &fiber_promise::unwind_frame;
    fiber_promise promise;
};

}  // namespace weft::inline v0
