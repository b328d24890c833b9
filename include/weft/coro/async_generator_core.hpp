// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/coro/carried_exception.hpp>
#include <weft/coro/promise_base.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

namespace weft::inline v0 {

class async_generator_core;
class async_generator_operation;

/// Where a close() waits until another task's operation has ended. Its destructor leaves the line.
class place_in_line {
public:
    virtual ~place_in_line() = default;
    /// The execution that waits here goes on from its resume point.
    virtual void called() noexcept = 0;
    /// To be called when it goes on. @throws cancelled_error  it was cancelled while it waited
    virtual void resumed() = 0;
};

/// What a loop does for the async generators of its tasks: here by pointer, for this layer knows no loop.
struct async_generator_hooks {
    /// The generator is iterated for the first time, in a task of this loop, which may close it when it shuts down.
    /// @see sys.set_asyncgen_hooks
    void (*first_iteration)(execution&, async_generator_core&);
    /// `awaiting` waits, as a task does. A cancellation takes `closer` out of the line.
    std::unique_ptr<place_in_line> (*stand_in_line)(promise_base& awaiting, async_generator_operation& closer);
    /// As task_handle::cancel and task_core::take_back_cancel.
    void (*cancel)(execution&);
    bool (*take_back_cancel)(execution&, unsigned cancelling_before);
};

/// The part of an async generator's promise that does not depend on its types: where it stands, which operation is
/// in flight, and who waits to close it.
///
/// While an operation is in flight, the generator's coroutine is awaited by the one that awaits the operation, as a task
/// would be; at a co_yield it hands back and is awaited by nobody. The generator object owns the frame throughout.
class async_generator_core : public awaiting_promise, public list_node {
public:
    enum class stage : unsigned char {
        created,  ///< the body has not begun
        suspended,  ///< at a co_yield
        running,  ///< an operation is in flight: the body runs, or waits at a co_await
        closed,  ///< the body has ended, or never will begin
    };

    stage at_stage() const noexcept { return stage_; }

    /// For the generator object, when it is made and when it moves.
    void owned_by(std::coroutine_handle<>& owner) noexcept { promise_base::owned_by(owner); }
    /// For the generator object, when it goes: destroys the frame, and what it awaits. An operation in flight ends with
    /// invalid_state_error; if the body itself is what runs, the program is ended.
    void destroy() noexcept;

    // By the body

    void throw_delivered() {
        if (error_) [[unlikely]]
            carried_exception::rethrow(std::exchange(error_, carried_exception()));
    }
    void* take_value() noexcept { return std::exchange(value_, nullptr); }
    void yields() noexcept {
        stage_ = stage::suspended;
        holds_element_ = true;
    }
    void leaves_yield() noexcept { holds_element_ = false; }
    bool holds_element() const noexcept { return holds_element_; }
    void fails() noexcept { error_ = carried_exception::leaving(where()); }
    void finishes() noexcept { stage_ = stage::closed; }
    /// At a co_yield or its end: goes on with who awaits the operation.
    std::coroutine_handle<> hand_back() noexcept;

protected:
    async_generator_core() noexcept = default;
    ~async_generator_core();

private:
    friend class async_generator_operation;

    stage stage_ = stage::created;
    bool holds_element_ = false;
    bool interrupted_ = false;  // a close() has cancelled the task whose operation is in flight
    void* value_ = nullptr;
    carried_exception error_;
    intrusive_list<async_generator_operation> kept_;  // not awaited yet
    async_generator_operation* in_flight_ = nullptr;
    async_generator_operation* closer_ = nullptr;  // waits in line for the operation in flight to end
};

/// What next(), send(), raise() and close() of an async generator give: to be awaited, once. If the generator has been
/// destroyed by then, the await ends with invalid_state_error (that of a close() does nothing).
///
/// close() alone may come while another task's operation is in flight: it cancels that task as a timeout does, by a request
/// that is taken back when the operation has ended; waits in line until then; and enters the generator from there.
class async_generator_operation : public native_awaiter, public list_node {
public:
    enum class verb : unsigned char { next, send, raise, close };

    async_generator_operation(const async_generator_operation&) = delete;
    async_generator_operation& operator=(const async_generator_operation&) = delete;

    /// @throws generator_already_running, generator_not_started
    bool await_ready() {
        const bool goes_on = !awaited_ && generator_ && generator_->stage_ == async_generator_core::stage::suspended;
        if (!goes_on) [[unlikely]]
            return is_ready_unless_suspended();
        awaited_ = true;
        unlink();
        return false;
    }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) {
        return begin(h.promise());
    }

protected:
    /// @param generator  null if it was moved from
    /// The generator may be gone when this is awaited, so it knows of it.
    async_generator_operation(async_generator_core* generator, verb v) noexcept : generator_(generator), verb_(v) {
        if (generator) generator->kept_.push_back(*this);
    }
    /// On its way into a task of its own, before it is awaited; `other` cannot be awaited any more.
    async_generator_operation(async_generator_operation&& other) noexcept;
    ~async_generator_operation() {
        if (place_) [[unlikely]]
            leave_line();
    }

    void send(void* value) noexcept { value_ = value; }
    void raise(std::exception_ptr error) noexcept { error_ = std::move(error); }

    /// To be called first of all in await_resume. @return whether there is an element
    /// @throws what came out of the body; generator_ignored_exit; invalid_state_error  the generator was destroyed;
    ///     cancelled_error  while it waited in line
    bool resumed() {
        if (error_ || place_ || generator_was_destroyed_ || verb_ == verb::close) [[unlikely]]
            return resumed_otherwise();
        return yielded_;
    }

public:
    /// For its place in the line: it does not want to close any more.
    void leave_line() noexcept;

private:
    friend class async_generator_core;

    bool is_ready_unless_suspended();
    bool resumed_otherwise();
    std::coroutine_handle<> begin(promise_base& awaiting);
    void wait_in_line(execution& e);
    void enter();
    void its_turn();
    void generator_is_gone() noexcept;
    bool take_back_interruption(async_generator_core& generator) noexcept;
    void ended();
    void ended_by_close(async_generator_core& g);
    [[noreturn]] void refuse() const;

    async_generator_core* generator_;
    promise_base* awaiting_ = nullptr;
    std::unique_ptr<place_in_line> place_;  // once it has waited in line
    void* value_ = nullptr;
    std::exception_ptr error_;  // to be raised in the generator; then, what came out of it
    unsigned cancelling_before_ = 0;  // requests that the awaiting task had then
    verb verb_;
    bool awaited_ = false;
    bool entered_ = false;
    bool yielded_ = false;
    bool generator_was_destroyed_ = false;
};

}  // namespace weft::inline v0
