// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/async_generator_core.hpp>
#include <weft/coro/generator_state.hpp>
#include <weft/coro/task.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/coro/yielded_value.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::inline v0 {

template <class Yield, class Send = void>
class async_generator;

template <class G>
class delegation;
template <class Range>
class range_delegation;

/// What `co_yield` gives in the body: the value sent, `Send{}` for next(); nothing for `Send` void. The promise is its own
/// awaiter.
template <class Yield, class Send>
class async_yield_point : public async_generator_core {
public:
    yielded_value<Yield>& place() noexcept { return place_; }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept { return this->hand_back(); }
    Send await_resume() {
        this->leaves_yield();
        place_.drop();
        this->throw_delivered();
        void* const sent = this->take_value();
        if constexpr (!std::is_void_v<Send>) {
            if (!sent) return Send{};
            return static_cast<Send&&>(*static_cast<std::remove_reference_t<Send>*>(sent));
        }
    }

protected:
    ~async_yield_point() {
        if (this->holds_element()) place_.drop();
    }
    std::coroutine_handle<> last_hand_back() noexcept {
        this->finishes();
        return this->hand_back();
    }

private:
    yielded_value<Yield> place_;
};

template <class Yield, class Send>
class async_generator_promise final : public async_yield_point<Yield, Send> {
    class end : public native_awaiter {
    public:
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<async_generator_promise> h) const noexcept {
            return h.promise().last_hand_back();
        }
        void await_resume() const noexcept {}
    };

public:
    async_generator<Yield, Send> get_return_object() noexcept;
    std::suspend_always initial_suspend(std::source_location where = std::source_location::current()) noexcept {
        this->stand_at(where);
        return {};
    }
    end final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { this->fails(); }
    void return_void() const noexcept {}

    template <class U = Yield>
        requires(!std::is_reference_v<Yield> && std::convertible_to<U &&, Yield>)
    async_yield_point<Yield, Send>& yield_value(U&& value,
                                                std::source_location where = std::source_location::current()) {
        this->place().put(std::forward<U>(value));
        return suspended_at(where);
    }
    // For `co_yield {x}`, whose braces would bind the rvalue above to x itself, and not copy it.
    async_yield_point<Yield, Send>& yield_value(const Yield& value,
                                                std::source_location where = std::source_location::current())
        requires(!std::is_reference_v<Yield> && std::copy_constructible<Yield>)
    {
        this->place().put(value);
        return suspended_at(where);
    }
    // No template: what `value` is made from must live in the frame.
    async_yield_point<Yield, Send>& yield_value(Yield value,
                                                std::source_location where = std::source_location::current())
        requires std::is_reference_v<Yield>
    {
        this->place().put(static_cast<Yield>(value));
        return suspended_at(where);
    }
    template <template <class> class Delegation, class Source>
        requires(std::same_as<Delegation<Source>, delegation<Source>> ||
                 std::same_as<Delegation<Source>, range_delegation<Source>>)
    std::suspend_never yield_value(Delegation<Source>&&) {
        static_assert(std::is_void_v<Source>,
                      "weft: co_yield from(…) in an async_generator (nor has Python that): write "
                      "for (auto&& item : source) co_yield item;");
        return {};
    }

private:
    async_yield_point<Yield, Send>& suspended_at(const std::source_location& where) noexcept {
        this->yields();
        this->stand_at(where);
        return *this;
    }
};

/// A generator whose body may await: Python's `async def` with `yield` in it. Its verbs are those of a generator, each
/// awaited. Lazy: the body begins when the first element is asked for.
///
///     weft::async_generator<std::string> lines(weft::stream s) { while (auto l = co_await s.read_line()) co_yield *l; }
///     while (auto line = co_await g.next()) …
///
/// One operation at a time: a second one is refused with generator_already_running; but close() cancels what the one in
/// flight waits for, and takes its turn after it.
///
/// Destroying it destroys its frame: destructors run, `catch` blocks and what they would await do not. A body that awaits
/// to clean up is closed by `co_await g.close()` or `with(closing(g), …)`, and by the loop when it shuts down.
/// @thread of the loop that first iterated it: only there is it iterated and destroyed from then on  @cost one recycled block
/// @see PEP 525; docs/guide/async-generators.md
template <class Yield, class Send>
class [[nodiscard("an async generator does nothing until it is asked for an element")]] async_generator {
    static_assert(
        std::is_reference_v<Yield> || std::is_move_constructible_v<Yield>,
        "weft: an async_generator yields what can be moved; to yield what cannot, make it async_generator<T&>");
    static_assert(
        std::is_void_v<Send> || std::default_initializable<Send>,
        "weft: an async_generator's Send must be void or default-initializable, for next() sends a default: use "
        "std::optional<T>, or a pointer");
    static constexpr bool can_send = !std::is_void_v<Send>;
    using stage = async_generator_core::stage;
    using verb = async_generator_operation::verb;
    using sent = std::conditional_t<can_send, Send, std::nullptr_t>;

public:
    using promise_type = async_generator_promise<Yield, Send>;
    class element;
    class sending;
    class closing_operation;

    async_generator() noexcept = default;
    async_generator(async_generator&& other) noexcept { take(other); }
    async_generator& operator=(async_generator&& other) noexcept {
        if (this != &other) {
            const async_generator old(std::move(*this));
            take(other);
        }
        return *this;
    }
    ~async_generator() { destroy(); }

    /// Runs to the next co_yield, which gives `Send{}` in the body when it goes on. As with all verbs, what is given may be
    /// kept, and awaited once: with an error if the generator has been destroyed.
    /// @return awaited: the element, as generator::next gives it; empty once the body has finished, and ever after
    /// @throws awaited: what comes out of the body, which has finished then; generator_already_running
    /// @cancel what the body awaits is cancelled, as if its code stood in the awaiting task  @see anext(g)
    element next() { return element(core(), verb::next); }
    /// As next(), but the co_yield where the body is suspended gives `value`.
    /// @throws awaited: generator_not_started as well  @see g.asend(v)
    sending send(sent value)
        requires can_send
    {
        return sending(core(), static_cast<sent&&>(value));
    }
    /// Raises `error` at the co_yield where the body is suspended; on a body that has not begun, throws it at once. On one
    /// that has finished it does nothing, as in Python.
    /// @throws std::invalid_argument  there is no exception in the exception_ptr  @see g.athrow(e)
    element raise(std::exception_ptr error) {
        if (!error) throw std::invalid_argument("raise: there is no exception in the exception_ptr");
        return element(core(), std::move(error));
    }
    template <class E>
        requires(!std::convertible_to<E &&, std::exception_ptr>)
    element raise(E&& error) {
        return raise(std::make_exception_ptr(std::forward<E>(error)));
    }
    /// Raises generator_exit at the co_yield where the body is suspended: it has finished when the await ends. A body that
    /// has not begun never will. If another task's operation is in flight, what that waits for is cancelled first; the
    /// operation ends as if the generator had finished (or with what the body makes of the cancellation).
    /// @throws awaited: generator_ignored_exit  it yielded again, and stays usable; generator_already_running  from its own
    ///     body, or beside another close(); what else comes out of the body
    /// @see g.aclose()
    closing_operation close() { return closing_operation(core()); }

    bool done() const noexcept { return !handle_ || promise().at_stage() == stage::closed; }
    generator_state state() const noexcept {
        if (!handle_) return generator_state::closed;
        switch (promise().at_stage()) {
            case stage::created: return generator_state::created;
            case stage::suspended: return generator_state::suspended;
            case stage::running: return generator_state::running;
            case stage::closed: break;
        }
        return generator_state::closed;
    }
    /// The co_yield or co_await where it is suspended; before the body has begun, its first line (compiled by GCC 14: its
    /// last). @throws invalid_state_error  it was moved from
    std::source_location where() const {
        if (!handle_) throw invalid_state_error("where: the async generator was moved from");
        return promise().where();
    }
    /// Where it and what it awaits stand, innermost last.
    std::vector<stack_frame> frames() const { return handle_ ? await_chain(&promise()) : std::vector<stack_frame>(); }

private:
    friend class async_generator_promise<Yield, Send>;
    explicit async_generator(std::coroutine_handle<> h) noexcept : handle_(h) { promise().owned_by(handle_); }

    promise_type& promise() const noexcept {
        return std::coroutine_handle<promise_type>::from_address(handle_.address()).promise();
    }
    promise_type* core() const noexcept { return handle_ ? &promise() : nullptr; }
    void take(async_generator& other) noexcept {
        handle_ = std::exchange(other.handle_, nullptr);
        if (handle_) promise().owned_by(handle_);
    }
    void destroy() noexcept {
        if (!handle_) return;
        promise_type& p = promise();
        handle_ = nullptr;  // a destructor in the frame may try to enter
        p.destroy();
    }

    std::coroutine_handle<> handle_;  // untyped, and known to the frame: who destroys that from within clears it
};

/// next() and raise(), on their way.
template <class Yield, class Send>
class [[nodiscard("co_await it")]] async_generator<Yield, Send>::element : public async_generator_operation {
public:
    element(promise_type* generator, verb v) noexcept
        : async_generator_operation(generator, v), generator_(generator) {}
    element(promise_type* generator, std::exception_ptr error) noexcept : element(generator, verb::raise) {
        this->raise(std::move(error));
    }
    element(element&&) noexcept = default;

    next_result<Yield> await_resume() {
        return this->resumed() ? generator_->place().take() : yielded_value<Yield>::nothing();
    }

private:
    promise_type* generator_;
};

/// send(), on its way, with the value.
template <class Yield, class Send>
class [[nodiscard("co_await it")]] async_generator<Yield, Send>::sending : public async_generator_operation {
public:
    sending(promise_type* generator, sent&& value)
        : async_generator_operation(generator, verb::send), generator_(generator), value_(static_cast<sent&&>(value)) {}
    sending(sending&&) = default;

    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) {
        auto* const at = const_cast<std::remove_cvref_t<sent>*>(std::addressof(value_));
        this->async_generator_operation::send(static_cast<void*>(at));
        return this->async_generator_operation::await_suspend(h);
    }
    next_result<Yield> await_resume() {
        return this->resumed() ? generator_->place().take() : yielded_value<Yield>::nothing();
    }

private:
    promise_type* generator_;
    sent value_;
};

/// close(), on its way.
template <class Yield, class Send>
class [[nodiscard("co_await it")]] async_generator<Yield, Send>::closing_operation : public async_generator_operation {
public:
    explicit closing_operation(promise_type* generator) noexcept : async_generator_operation(generator, verb::close) {}
    closing_operation(closing_operation&&) noexcept = default;
    void await_resume() { this->resumed(); }
};

template <class Yield, class Send>
async_generator<Yield, Send> async_generator_promise<Yield, Send>::get_return_object() noexcept {
    static_assert(
        alignof(async_generator_promise) <= alignof(std::max_align_t),
        "weft: what an async_generator yields by value may not be aligned more strictly than std::max_align_t; "
        "yield a reference");
    return async_generator<Yield, Send>(std::coroutine_handle<async_generator_promise>::from_promise(*this));
}

/// For create_task(g.next()), gather(g.next(), …) and the like: an operation becomes a task of its own.
template <std::derived_from<async_generator_operation> Operation>
auto to_task(Operation operation) -> task<await_result<Operation>> {
    co_return co_await std::move(operation);
}

/// As the member.
template <class Yield, class Send>
std::vector<stack_frame> frames(const async_generator<Yield, Send>& g) {
    return g.frames();
}

}  // namespace weft::inline v0
