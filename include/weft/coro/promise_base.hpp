// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/awaitable.hpp>
#include <weft/coro/execution.hpp>
#include <weft/coro/frame_memory.hpp>

#include <coroutine>
#include <source_location>
#include <utility>

namespace weft::inline v0 {

/// The part of every weft coroutine's promise that does not depend on its types: its place in the chain of awaits, the
/// source location where it stands, and its memory.
///
/// Invariants: while a coroutine awaits another one, `awaited_` and `awaiter_` of the two point at each other, and
/// `owner_` is the handle by which the awaiting frame owns the awaited one. All coroutines of a chain have the same
/// execution. The outermost one of a task, which nobody awaits, has the place of the task's creation in its stead.
class promise_base {
public:
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept { deallocate_frame(frame, bytes); }

    /// What this runs in; null before it is first resumed.
    execution* running_in() const noexcept { return execution_; }
    void run_in(execution& e) noexcept { execution_ = &e; }

    promise_base* awaiter() const noexcept { return awaiter_; }
    promise_base* awaited() const noexcept { return awaited_; }

    /// The co_await at which it is suspended, the last one it passed while it runs, its first line before.
    const std::source_location& where() const noexcept { return where_; }
    void stand_at(const std::source_location& where) noexcept { where_ = where; }

    /// For the outermost coroutine of a task: where the task was created, until disown().
    const std::source_location& created_at() const noexcept { return created_at_; }
    void created_at(std::source_location where) noexcept { created_at_ = where; }
    void disown() noexcept { owner_ = nullptr; }

    /// This coroutine's handle. Valid because every promise derives from promise_base first and is aligned like it (both
    /// are checked where a promise is defined), so that the frame begins at the same distance before it.
    std::coroutine_handle<> handle() noexcept { return std::coroutine_handle<promise_base>::from_promise(*this); }

    /// Links `child`, owned by `owner`, below this coroutine: this awaits it.
    void await(promise_base& child, std::coroutine_handle<>& owner) noexcept {
        child.owner_ = &owner;
        await(child);
    }
    /// The same for coroutines that run in no execution.
    void link(promise_base& child, std::coroutine_handle<>& owner) noexcept {
        child.owner_ = &owner;
        child.awaiter_ = this;
        awaited_ = &child;
    }
    /// The same for a child that has an owner already.
    void await(promise_base& child) noexcept {
        child.execution_ = execution_;
        child.awaiter_ = this;
        awaited_ = &child;
    }
    /// The awaited coroutine has finished.
    void awaited_finished() noexcept { awaited_ = nullptr; }

    /// At the end of the body: continues the awaiting coroutine, or ends the execution.
    std::coroutine_handle<> continue_awaiter() noexcept {
        if (awaiter_) [[likely]]
            return execution_->transfer_to(awaiter_->handle());
        execution_->finish();
        return std::noop_coroutine();
    }

    /// Destroys a suspended coroutine and everything it awaits, innermost first (an inner frame may hold references into
    /// an outer one), in constant stack however long the chain.
    static void destroy_chain(promise_base& outermost) noexcept;

    /// Destroys a coroutine that nothing has resumed yet. Its parameters may be coroutines like it, with such parameters:
    /// they are destroyed one inside the other, as C++ has it, but in bounded stack. Beyond a hundred, each waits until what
    /// held it has gone: no parameter should count on more there than that it is destroyed once.
    /// @param frame  of `p`; destroyed here in each case, as far as the compiler can see, or Clang would not leave it out
    [[gnu::always_inline]] static void destroy_unstarted(promise_base& p, std::coroutine_handle<> frame) noexcept {
        if (frame_function const wait = enter_unstarted()) [[unlikely]] {
            frame_function* const functions = p.frame_functions();
            functions[0] = std::exchange(functions[1], wait);  // there is nothing to resume any more
            frame.destroy();
        } else {
            frame.destroy();
            leave_unstarted();
        }
    }

protected:
    friend struct memory_layout;
    promise_base() noexcept = default;
    void owned_by(std::coroutine_handle<>& owner) noexcept { owner_ = &owner; }
    promise_base(const promise_base&) = delete;
    promise_base& operator=(const promise_base&) = delete;
    ~promise_base() = default;

private:
    using frame_function [[gnu::may_alias]] = void (*)(void*);
    /// What resume() and destroy() of the handle call: the first two words of a frame, for GCC, Clang and MSVC alike.
    frame_function* frame_functions() noexcept { return static_cast<frame_function*>(handle().address()); }
    /// @return what is to be called in place of the frame's own destroy function; null if that may be called, and then
    ///     leave_unstarted()
    [[gnu::cold]] static frame_function enter_unstarted() noexcept;
    [[gnu::cold]] static void leave_unstarted() noexcept;

    execution* execution_ = nullptr;
    promise_base* awaiter_ = nullptr;
    promise_base* awaited_ = nullptr;
    union {
        std::coroutine_handle<>* owner_ = nullptr;
        std::source_location created_at_;
    };
    std::source_location where_;
};

/// The promise of a coroutine that may `co_await`.
class awaiting_promise : public promise_base {
public:
    template <class A>
    decltype(auto) await_transform(A&& a, std::source_location where = std::source_location::current());

protected:
    ~awaiting_promise() = default;
};

/// Always the last statement of a weft coroutine: hands over to whoever awaits it. The frame stays for its owner.
struct final_awaiter : native_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
        return finished.promise().continue_awaiter();
    }
    void await_resume() const noexcept {}
};

}  // namespace weft::inline v0

#include <weft/coro/foreign_awaiter.hpp>  // IWYU pragma: keep: the body of await_transform needs it

namespace weft::inline v0 {

template <class A>
decltype(auto) awaiting_promise::await_transform(A&& a, std::source_location where) {
    stand_at(where);
    using plain = std::remove_cvref_t<A>;
    if constexpr (std::same_as<plain, std::suspend_always>) {
        return bare_yield();
    } else if constexpr (std::same_as<plain, std::suspend_never>) {
        return std::suspend_never();
    } else if constexpr (!awaitable<A> && awaitable<plain>) {
        static_assert(awaitable<A>, "weft: this is awaited once and used up by it: write co_await std::move(t)");
        return std::suspend_never();
    } else if constexpr (!awaitable<A>) {
        static_assert(awaitable<A>,
                      "weft: co_await needs an awaitable: a task, a task_handle, a future, an operation such as "
                      "sleep(1s), or another library's awaiter");
        return std::suspend_never();
    } else if constexpr (std::derived_from<awaiter_of<A>, native_awaiter>) {
        return static_cast<A&&>(a);
    } else {
        return foreign_awaiter<A>(static_cast<A&&>(a), *running_in());
    }
}

}  // namespace weft::inline v0
