// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/fiber/fiber_core.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

// Fibers: functions with a stack of their own, which they can leave in the middle, from any depth of ordinary calls.
//
//     weft::fiber<int> doubler([](int n) -> int {
//         for (;;) n = weft::this_fiber::parent<int>().switch_to(2 * n);
//     });
//     doubler.switch_to(4);  // 8
//     doubler.switch_to(5);  // 10; the destructor unwinds the body
//
// Switching is symmetric: any fiber may switch to any other of its thread, the thread's own stack (the root) among them,
// and stands still until somebody switches to it. @see greenlet; ADR 0025

namespace weft::inline v0 {

/// A parameter that passes a `T`; of a function that is not there if T is void, but is declared.
template <class T>
using passed_value = std::conditional_t<std::is_void_v<T>, std::nullptr_t, T>;

/// What a switch has brought: the value, or the exception thrown.
template <class T>
T received(arrival arrived) {
    if (!arrived.value) [[unlikely]]
        fiber_core::raise_arrived(arrived.ended);
    if constexpr (std::is_void_v<T>) {
        if (arrived.ended) [[unlikely]]
            arrived.ended->let_go_of_stack();
    } else {
        T& value = *static_cast<T*>(arrived.value);
        if (!arrived.ended) [[likely]]
            return std::move(value);
        struct last_of_a_fiber {  // which has left it for us to destroy
            T& value;
            fiber_core& ended;
            ~last_of_a_fiber() {
                value.~T();
                ended.let_go_of_stack();
            }
        } const last{value, *arrived.ended};
        return std::move(value);
    }
}

/// A fiber that somebody else owns, or the root: what can be switched to. `T` is what is passed to it, and what is passed back
/// to whoever waits here. As valid as what it refers to.
template <class T = void>
class fiber_ref {
    static_assert(std::is_void_v<T> || (std::is_object_v<T> && std::move_constructible<T>),
                  "weft: fibers exchange objects that can be moved, or nothing (void)");

public:
    explicit fiber_ref(fiber_core& core) noexcept : core_(&core) {}

    /// Goes on there, with `value`: for a fiber that has not begun, its body's argument. Returns when somebody switches to the
    /// fiber that has called this, with what that one passes.
    /// @throws what is thrown into the calling fiber, or leaves the body of one whose parent it is; invalid_state_error
    /// @cost 5 ns  @see greenlet.switch
    T switch_to(passed_value<T> value, std::source_location where = std::source_location::current()) const
        requires(!std::is_void_v<T>)
    {
        return received<T>(core_->switch_here(typeid(T), std::addressof(value), where));
    }
    void switch_to(std::source_location where = std::source_location::current()) const
        requires(std::is_void_v<T>)
    {
        received<void>(core_->switch_here(typeid(void), core_, where));
    }

    /// Goes on there by raising `error`: an exception object or a std::exception_ptr. In a fiber that has not begun, the
    /// body never runs, and its parent gets the exception. @see greenlet.throw
    template <class E>
    T throw_into(E error, std::source_location where = std::source_location::current()) const {
        if constexpr (std::same_as<E, std::exception_ptr>) {
            return received<T>(core_->raise_here(type(), std::move(error), where));
        } else {
            return received<T>(core_->raise_here(type(), std::make_exception_ptr(std::move(error)), where));
        }
    }

    fiber_state state() const noexcept { return core_->state(); }
    bool finished() const noexcept { return state() == fiber_state::finished; }
    const std::string& name() const noexcept { return core_->name(); }
    /// Where it last switched away.
    std::source_location where() const noexcept { return core_->where(); }
    /// How deep its stack has been used. @see fiber_stack::high_water_bytes
    std::size_t stack_high_water_bytes() const { return core_->stack().high_water_bytes(); }
    fiber_core& core() const noexcept { return *core_; }
    friend bool operator==(const fiber_ref&, const fiber_ref&) noexcept = default;

private:
    static const std::type_info& type() noexcept { return typeid(T); }

    fiber_core* core_;
};

template <class F, class T>
concept fiber_body_for = (std::is_void_v<T> && std::is_invocable_r_v<void, F&>) ||
                         (!std::is_void_v<T> && std::is_invocable_r_v<T, F&, std::add_rvalue_reference_t<T>>);

/// What lies at the top of a fiber's stack: the body, and what it has returned, which the receiver takes from there. (Not in a
/// frame: the address sanitizer keeps frames elsewhere, and frees those of a stack that is left for good.)
template <class T, class F>
struct fiber_content {
    template <class G>
    explicit fiber_content(G&& g) : body(std::forward<G>(g)) {}

    F body;
    alignas(passed_value<T>) std::byte result[sizeof(passed_value<T>)];
};

/// The body `F` of a fiber from beginning to end, on its own stack.
template <class T, class F>
void run_fiber(fiber_core& self, arrival first) noexcept {
    auto& content = *static_cast<fiber_content<T, F>*>(self.callable());
    passed_value<T>* result = nullptr;
    std::exception_ptr error;
    try {
        if constexpr (std::is_void_v<T>) {
            received<void>(first);
            std::invoke(content.body);
            result = new (content.result) std::nullptr_t();
        } else {
            result = new (content.result) T(std::invoke_r<T>(content.body, received<T>(first)));
        }
    } catch (const fiber_exit&) {
        if (!self.is_closing()) error = std::current_exception();
    } catch (...) {
        error = std::current_exception();
    }
    content.body.~F();
    if (result && !self.result_is_wanted(typeid(T))) {
        std::destroy_at(result);
        result = nullptr;
    }
    self.end(result, error, typeid(T));
}

template <class T, class F>
inline constexpr fiber_body body_of_fiber = {
    .type = &typeid(T), .run = &run_fiber<T, F>, .destroy = [](void* content) noexcept {
        std::destroy_at(static_cast<fiber_content<T, F>*>(content));
    }};

/// A fiber and its stack. Destroying it unwinds what has not ended (see close()).
/// @thread the one that made it  @see greenlet
template <class T = void>
class [[nodiscard]] fiber {
public:
    /// @param body  called as `T body(T)` (`void body()`) with what the first switch passes; what it returns or throws goes to
    ///              its parent: the fiber that has made it. Kept by decay copy, on the new stack
    /// @throws std::system_error, std::bad_alloc: no memory for a stack  @cost 40 ns with run and end, once stacks are pooled
    template <class F>
        requires fiber_body_for<std::decay_t<F>, T> && (!std::same_as<std::decay_t<F>, fiber>)
    explicit fiber(F&& body, const fiber_options& options = {},
                   std::source_location made_at = std::source_location::current())
        : core_(std::make_unique<fiber_core>(options, made_at)) {
        using content = fiber_content<T, std::decay_t<F>>;
        void* const place = core_->reserve(sizeof(content), alignof(content));
        core_->be_ready(body_of_fiber<T, std::decay_t<F>>, new (place) content(std::forward<F>(body)));
    }

    fiber_ref<T> ref() const noexcept { return fiber_ref<T>(*core_); }
    operator fiber_ref<T>() const noexcept { return ref(); }

    /// As of fiber_ref.
    T switch_to(passed_value<T> value, std::source_location where = std::source_location::current()) const
        requires(!std::is_void_v<T>)
    {
        return ref().switch_to(std::move(value), where);
    }
    void switch_to(std::source_location where = std::source_location::current()) const
        requires(std::is_void_v<T>)
    {
        ref().switch_to(where);
    }
    template <class E>
    T throw_into(E error, std::source_location where = std::source_location::current()) const {
        return ref().throw_into(std::move(error), where);
    }

    /// Raises fiber_exit where the fiber is suspended; returns when its body has ended. A body that has not begun never
    /// runs. Does nothing to one that has finished. @throws what the body throws in its place
    void close() const { core_->close(); }

    fiber_state state() const noexcept { return core_->state(); }
    bool finished() const noexcept { return core_->state() == fiber_state::finished; }
    const std::string& name() const noexcept { return core_->name(); }
    std::source_location where() const noexcept { return core_->where(); }
    /// How deep its stack has been used; 0 once it has finished. @see fiber_stack::high_water_bytes
    std::size_t stack_high_water_bytes() const { return core_->stack().high_water_bytes(); }

    /// Who gets its result, or its exception. The parent's own parent does, once that has finished.
    template <class U>
    void set_parent(fiber_ref<U> parent) const {
        core_->set_parent(parent.core());
    }

private:
    std::unique_ptr<fiber_core> core_;
};

namespace this_fiber {

/// The fiber that runs, so that others can switch back to it.
template <class T = void>
fiber_ref<T> ref() {
    return fiber_ref<T>(fiber_core::current());
}

[[noreturn, gnu::cold]] void throw_no_parent();

/// @throws invalid_state_error  the root runs
template <class T = void>
fiber_ref<T> parent() {
    fiber_core* const parent = fiber_core::current().parent();
    if (!parent) [[unlikely]]
        throw_no_parent();
    return fiber_ref<T>(*parent);
}

}  // namespace this_fiber

}  // namespace weft::inline v0
