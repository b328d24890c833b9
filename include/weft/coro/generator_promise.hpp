// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/generator_core.hpp>
#include <weft/coro/yielded_value.hpp>

#include <concepts>
#include <coroutine>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

// What the compiler needs to make a generator of a function: the promise, and the place for what it yields.

namespace weft::inline v0 {

/// What generators that yield `Yield` have in common: a chain of delegation is made of these.
template <class Yield>
class yielding_core : public generator_core {
public:
    yielded_value<Yield>& own_place() noexcept { return place_; }
    /// Where the present element is: with this generator, or with the one it delegates to.
    yielded_value<Yield>& place() noexcept {
        if (at_stage() == stage::delegating) [[unlikely]]
            return static_cast<yielding_core&>(*innermost()).place_;
        return place_;
    }

protected:
    using generator_core::generator_core;
    ~yielding_core() {
        if (at_stage() == stage::suspended) place_.drop();  // in a range, the range_iteration does
    }

private:
    yielded_value<Yield> place_;
};

template <class Yield, class Send = void, class Return = void>
class generator;

/// What `co_yield` gives in a body that is sent nothing.
template <class Yield, class Send>
class yield_point : public yielding_core<Yield> {
public:
    // The promise is its own awaiter: one that pointed at it would put the frame's address into the frame.
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() {
        this->own_place().drop();
        this->throw_delivered();
    }

protected:
    yield_point() noexcept : yielding_core<Yield>(false) {}
    ~yield_point() = default;
};

/// What `co_yield` gives in a body that is sent values: the value, or `Send{}` for next().
template <class Yield, class Send>
    requires(!std::is_void_v<Send>)
class yield_point<Yield, Send> : public yielding_core<Yield> {
public:
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    Send await_resume() {
        this->own_place().drop();
        this->throw_delivered();
        void* const sent = this->take_value();
        if (!sent) return Send{};
        return static_cast<Send&&>(*static_cast<std::remove_reference_t<Send>*>(sent));
    }

protected:
    yield_point() noexcept : yielding_core<Yield>(true) {}
    ~yield_point() = default;
};

// What from() makes: see from.hpp.
template <class G>
class delegation;
template <class Range>
class range_delegation;
template <class Yield, class Range>
class range_awaiter;

/// The promise but for its co_return.
template <class Yield, class Send, class Return>
class generator_promise_base : public yield_point<Yield, Send> {
public:
    using stage = generator_core::stage;

    generator<Yield, Send, Return> get_return_object() noexcept;
    std::suspend_always initial_suspend(std::source_location where = std::source_location::current()) noexcept {
        this->stand_at(where);
        return {};
    }
    std::suspend_always final_suspend() noexcept {
        this->enter(stage::closed);
        return {};
    }

    template <class U = Yield>
        requires(!std::is_reference_v<Yield> && std::convertible_to<U &&, Yield>)
    yield_point<Yield, Send>& yield_value(U&& value, std::source_location where = std::source_location::current()) {
        this->own_place().put(std::forward<U>(value));
        return suspended_at(where);
    }
    // For `co_yield {x}`, whose braces would bind the rvalue above to x itself, and not copy it.
    yield_point<Yield, Send>& yield_value(const Yield& value,
                                          std::source_location where = std::source_location::current())
        requires(!std::is_reference_v<Yield> && std::copy_constructible<Yield>)
    {
        this->own_place().put(value);
        return suspended_at(where);
    }
    // No template: what `value` is made from must live in the frame.
    yield_point<Yield, Send>& yield_value(Yield value, std::source_location where = std::source_location::current())
        requires std::is_reference_v<Yield>
    {
        this->own_place().put(static_cast<Yield>(value));
        return suspended_at(where);
    }
    template <class G>
    delegation<G>& yield_value(delegation<G>&& inner, std::source_location where = std::source_location::current());
    template <class Range>
    range_awaiter<Yield, Range> yield_value(range_delegation<Range>&& range,
                                            std::source_location where = std::source_location::current());

    template <class A>
    std::suspend_never await_transform(A&&) {
        static_assert(std::is_void_v<A>, "weft: co_await in a generator: make the function return "
                                         "weft::async_generator<T>, whose body may await");
        return {};
    }

private:
    yield_point<Yield, Send>& suspended_at(const std::source_location& where) noexcept {
        this->enter(stage::suspended);
        this->stand_at(where);
        return *this;
    }
};

template <class Yield, class Send, class Return>
class generator_promise final : public generator_promise_base<Yield, Send, Return> {
    using stored = std::conditional_t<std::is_reference_v<Return>, std::add_pointer_t<Return>, Return>;

public:
    [[gnu::always_inline]] void unhandled_exception() noexcept {
        this->fail();
        returned_.reset();  // a destructor may have thrown after the co_return
    }
    template <class U = Return>
        requires std::convertible_to<U&&, Return>
    void return_value(U&& value) {
        if constexpr (std::is_reference_v<Return>) {
            returned_ = std::addressof(value);
        } else {
            returned_.emplace(std::forward<U>(value));
        }
    }
    bool has_result() const noexcept { return returned_.has_value(); }
    std::add_lvalue_reference_t<Return> result() noexcept {
        if constexpr (std::is_reference_v<Return>) {
            return **returned_;
        } else {
            return *returned_;
        }
    }
    next_result<Return> take_result() {
        if constexpr (std::is_reference_v<Return>) {
            return *std::exchange(returned_, std::nullopt);
        } else {
            return std::exchange(returned_, std::nullopt);
        }
    }

private:
    std::optional<stored> returned_;
};
template <class Yield, class Send>
class generator_promise<Yield, Send, void> final : public generator_promise_base<Yield, Send, void> {
public:
    [[gnu::always_inline]] void unhandled_exception() noexcept {
        this->fail();
        this->returned_ = false;
    }
    void return_void() noexcept { this->returned_ = true; }
    bool has_result() const noexcept { return this->returned_; }
    void result() const noexcept {}
    void take_result() noexcept { this->returned_ = false; }
};

}  // namespace weft::inline v0
