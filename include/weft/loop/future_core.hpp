// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/coro/execution.hpp>
#include <weft/coro/frame_memory.hpp>
#include <weft/coro/result.hpp>
#include <weft/coro/task.hpp>
#include <weft/coro/trace_exception.hpp>
#include <weft/loop/context.hpp>
#include <weft/loop/loop_resource.hpp>

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

// What is behind a future: the state that its handles share, and those who listen to it.

namespace weft::inline v0 {

class future_core;
class task_core;

/// Someone to be told when a future is done. Lives in its owner; leaves the future's list when it dies.
class future_listener {
public:
    /// Called at once, on the loop's thread; may only make things ready. `done` is null if the future dies pending.
    using notify_function = void (*)(future_listener&, future_core* done);
    explicit future_listener(notify_function f) noexcept : notify(f) {}
    future_listener(const future_listener&) = delete;
    future_listener& operator=(const future_listener&) = delete;
    ~future_listener() { unlink(); }

    bool is_linked() const noexcept { return place_ != nullptr; }
    void unlink() noexcept {
        if (!place_) return;
        *place_ = next_;
        if (next_) next_->place_ = place_;
        place_ = nullptr;
    }

    notify_function notify;

private:
    friend class future_core;
    void link_first(future_listener*& first) noexcept {
        next_ = first;
        if (next_) next_->place_ = &next_;
        first = this;
        place_ = &first;
    }

    future_listener* next_ = nullptr;
    future_listener** place_ =
        nullptr;  // what points here: the future, or the listener before; null: it does not listen
};

/// An exception that nobody has looked at yet; the loop reports what is left of these when it closes.
struct unretrieved_error : list_node, recycled {
    unretrieved_error(future_core& f, std::source_location created) noexcept : owner(f), created_at(created) {}
    future_core& owner;
    std::source_location created_at;  // a task's; for other futures nobody notes it, and the line is 0
};

/// The part of a future's state that does not depend on its type: pending, then finished (by a value or an exception) or
/// cancelled, once. Shared by its handles and, for a task, by the loop. Not thread-safe: it belongs to its loop's thread.
class future_core : public recycled {
public:
    future_core(const future_core&) = delete;
    future_core& operator=(const future_core&) = delete;
    virtual ~future_core() = default;

    /// Null when it has been closed. (One of a task that has ended may be gone without notice.)
    virtual event_loop* loop_or_null() const noexcept = 0;
    event_loop& loop() const noexcept { return *loop_or_null(); }
    bool done() const noexcept { return status_ != status::pending; }
    bool cancelled() const noexcept { return status_ == status::cancelled; }

    virtual bool cancel(std::string message);
    /// What awaiting a cancelled one throws. Precondition: it is cancelled.
    std::exception_ptr cancellation() const;
    /// Throws what it failed with, or was cancelled by. Precondition: one of the two.
    [[noreturn]] void throw_failure();
    /// The task behind this future, if it is one.
    virtual task_core* task() noexcept { return nullptr; }
    /// Whether `e` may await this: it is no other loop's, and not the task's own.
    virtual bool may_be_awaited_in(const execution& e) const noexcept { return e.loop() == loop_or_null(); }
    /// The exception it finished with; null otherwise.
    virtual std::exception_ptr stored_exception() const noexcept = 0;
    /// The same, looked at, and with the path that it had then. @throws invalid_state_error  not done; cancelled_error
    std::exception_ptr exception();

    /// @throws invalid_state_error  it is closed
    event_loop& require_loop() const;

    /// Precondition: it is not done.
    void listen(future_listener& listener) noexcept { listener.link_first(listeners_); }

    /// Calls `f(*this)` from the loop soon after this is done. @return a token for remove_callback
    std::uint64_t add_callback(std::move_only_function<void(future_core&)> f, std::optional<context> c);
    bool remove_callback(std::uint64_t token) noexcept;

    /// Somebody has seen the exception: it need not be reported.
    void mark_retrieved() noexcept {
        if (is_unretrieved_) [[unlikely]]
            forget_error();
    }
    void report_if_never_retrieved() noexcept {
        if (is_unretrieved_) [[unlikely]]
            report_unretrieved();
    }

    void add_reference() noexcept { ++references_; }
    void drop_reference() noexcept {
        if (--references_ == 0) dispose();
    }
    bool has_one_reference() const noexcept { return references_ == 1; }

protected:
    enum class status : std::uint8_t { pending, finished, cancelled };
    /// @param is_task  whose body is what it holds in place of a result
    explicit future_core(bool is_task) noexcept
        : holds_result_(!is_task), made_by_(is_task ? maker::task : maker::nobody) {}
    /// The task is destroyed before its end: this stays pending.
    void maker_is_destroyed() noexcept { made_by_ = maker::destroyed_task; }
    void complete(status s) noexcept {
        status_ = s;
        if (listeners_) tell_listeners(this);
    }
    void complete_with_exception(std::source_location created_at = {});
    void require_pending();
    /// What a cancelled one throws in place of a bare cancelled_error; null for that.
    virtual void keep_cancellation(std::exception_ptr error) noexcept = 0;
    virtual std::exception_ptr kept_cancellation() const noexcept = 0;

    /// Throws unless finished.
    void require_finished() const {
        if (status_ == status::finished) [[likely]]
            return;
        throw_not_finished();
    }

private:
    [[noreturn]] void throw_not_finished() const;
    void report_unretrieved() noexcept;
    void report_loss() noexcept;
    [[noreturn]] void throw_cancelled() const;
    void take_listeners(future_listener*& first) noexcept;
    static void tell(future_listener*& first, future_core* done) noexcept;
    void tell_listeners(future_core* done) noexcept;
    void forget_error() noexcept;
    void dispose() noexcept {
        if (!done() || is_unretrieved_) [[unlikely]]
            report_loss();
        delete this;
    }

    union {
        future_listener* listeners_ = nullptr;  // until it is done; the last one first
        unretrieved_error* unretrieved_;  // from then on, if is_unretrieved_
    };
    std::uint32_t references_ = 0;
    status status_ = status::pending;
    bool is_unretrieved_ = false;

protected:
    bool holds_result_;  // see future_state
private:
    friend struct memory_layout;
    enum class maker : std::uint8_t { nobody, task, destroyed_task };
    maker made_by_;  // for the registry's readers
};

template <class T>
class future_state : public future_core {
public:
    std::exception_ptr stored_exception() const noexcept override {
        return holds_result_ && !this->cancelled() ? result_.exception() : nullptr;
    }

    template <class... U>
    void set_result(U&&... value) {
        require_pending();
        result_.set_value(std::forward<U>(value)...);
        complete(status::finished);
    }
    void set_exception(std::exception_ptr error) {
        require_pending();
        result_.set_exception(std::move(error));
        complete_with_exception();
    }
    std::add_lvalue_reference_t<const T> peek() {
        require_finished();
        mark_retrieved();
        if (result_.exception()) [[unlikely]]
            rethrow_kept(result_.exception(), static_cast<future_core*>(this));
        return result_.peek();
    }
    T take() {
        require_finished();
        mark_retrieved();
        if (result_.exception()) [[unlikely]]
            rethrow_kept(result_.exception(), static_cast<future_core*>(this));
        return result_.take();
    }

protected:
    using body_handle = std::coroutine_handle<task_promise<T>>;

    future_state() noexcept : future_core(false), result_() {}
    explicit future_state(body_handle body) noexcept : future_core(true), body_(body) {}
    ~future_state() override {
        if (holds_result_) result_.~result();
    }

    void keep_cancellation(std::exception_ptr error) noexcept override { result_.set_exception(std::move(error)); }
    std::exception_ptr kept_cancellation() const noexcept override { return result_.exception(); }

    /// A task ends: its body gives way to its result. @return the body, the caller's to destroy
    body_handle begin_result() noexcept {
        const body_handle body = body_;
        std::construct_at(&result_);
        holds_result_ = true;
        return body;
    }

    union {
        result<T> result_;  // if holds_result_
        body_handle body_;  // a task's until then; null if it was destroyed
    };
};

/// Has the loop tell `r` when it closes.
void attach_to(event_loop& loop, loop_resource& r) noexcept;

/// What is behind a future that is no task.
template <class T>
class promised_state final : public future_state<T>, private loop_resource {
public:
    explicit promised_state(event_loop& loop) noexcept : loop_(&loop) { attach_to(loop, *this); }
    event_loop* loop_or_null() const noexcept override { return loop_; }

private:
    void loop_closes() noexcept override { loop_ = nullptr; }
    event_loop* loop_;
};

/// A counted reference to a future's state.
template <class State>
class future_reference {
public:
    future_reference() noexcept = default;
    explicit future_reference(State& s) noexcept : state_(&s) { s.add_reference(); }
    future_reference(const future_reference& o) noexcept : state_(o.state_) {
        if (state_) state_->add_reference();
    }
    future_reference(future_reference&& o) noexcept : state_(std::exchange(o.state_, nullptr)) {}
    template <std::derived_from<State> Derived>
    future_reference(future_reference<Derived>&& o) noexcept : state_(std::exchange(o.state_, nullptr)) {}
    future_reference& operator=(future_reference o) noexcept {
        std::swap(state_, o.state_);
        return *this;
    }
    ~future_reference() {
        if (state_) state_->drop_reference();
    }
    State* operator->() const noexcept { return state_; }
    State& operator*() const noexcept { return *state_; }
    explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    template <class>
    friend class future_reference;
    State* state_ = nullptr;
};

}  // namespace weft::inline v0
