// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/generator_promise.hpp>
#include <weft/coro/traceback.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <ranges>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

// Clang then hands a generator over in a register: it is a pointer that may be moved by copying its bytes.
#if defined(__clang__)
#define WEFT_TRIVIAL_ABI [[clang::trivial_abi]]
#else
#define WEFT_TRIVIAL_ABI
#endif

namespace weft::inline v0 {

/// A function that yields: `co_yield` hands out an element and waits until the next one is wanted. It can also be sent
/// values, have exceptions raised in it, be closed, hand over to other generators, and return a result: Python's
/// generators, event for event. Lazy: the body begins when the first element is asked for.
///
///     weft::generator<int> count(int n) { for (int i = 0; i < n; ++i) co_yield i; }
///     for (int i : count(3)) …
///
/// `Yield` is a value (move-only too) or a reference; `Send` is what `co_yield` gives in the body, void if nothing is sent;
/// `Return` is what `co_return` leaves for result(). Move-only, an input range and a view. Destroying it destroys its
/// frames, innermost first: destructors run, `catch` blocks do not; close() runs both.
///
/// The parameters of the function are kept in the frame, until this object goes. What they refer to is not, nor are the
/// captures of a lambda: they must outlive the generator (`[x](this auto) -> weft::generator<int> {…}` keeps its captures).
/// @thread any, one at a time  @cost one recycled block; none where the compiler sees its whole life
/// @see PEP 255, 342, 380, 479; docs/guide/generators.md
template <class Yield, class Send, class Return>
class [[nodiscard("a generator does nothing until it is asked for an element")]] WEFT_TRIVIAL_ABI generator
    : public std::ranges::view_base {
    static_assert(std::is_reference_v<Yield> || std::is_move_constructible_v<Yield>,
                  "weft: a generator yields what can be moved; to yield what cannot, make it a generator<T&>");
    static_assert(std::is_reference_v<Return> || std::is_void_v<Return> || std::is_move_constructible_v<Return>,
                  "weft: a generator returns what can be moved");
    static_assert(std::is_void_v<Send> || std::default_initializable<Send>,
                  "weft: a generator's Send must be void or default-initializable, for next() sends a default: use "
                  "std::optional<T>, or a pointer");
    static constexpr bool can_send = !std::is_void_v<Send>;
    using stage = generator_core::stage;
    using sent = std::conditional_t<can_send, Send, std::nullptr_t>;

public:
    using promise_type = generator_promise<Yield, Send, Return>;
    class iterator;

    generator() noexcept = default;
    generator(generator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    generator& operator=(generator&& other) noexcept {
        const generator old(std::exchange(handle_, std::exchange(other.handle_, nullptr)));
        return *this;
    }
    [[gnu::always_inline]] ~generator() { destroy(); }

    /// Runs to the next co_yield, which gives `Send{}` in the body when it goes on.
    /// @return the element; empty once the body has finished, and ever after
    /// @throws what comes out of the body, which has finished then; generator_already_running  @see next(g)
    [[gnu::always_inline]] next_result<Yield> next(std::source_location from = std::source_location::current()) {
        if (!handle_) return yielded_value<Yield>::nothing();
        promise_type& p = promise();  // looked up once: the body may move this object
        p.called_from(from);
        return element(p, advance(p));
    }

    /// As next(), but the co_yield where the body is suspended gives `value`.
    /// @throws generator_not_started  it stands before its first co_yield; call next() first  @see g.send(v)
    next_result<Yield> send(sent value, std::source_location from = std::source_location::current())
        requires can_send
    {
        if (!handle_) return yielded_value<Yield>::nothing();
        promise_type& p = promise();
        p.called_from(from);
        auto* const at = const_cast<std::remove_cvref_t<sent>*>(std::addressof(value));
        return element(p, p.resume_with(static_cast<void*>(at)));
    }

    /// Raises `error` at the co_yield where the body is suspended. If it has not begun or has finished, `error` comes
    /// straight back, and it has finished.
    /// @return what the body yields next; empty if it returned  @throws what comes out of the body  @see g.throw(e)
    next_result<Yield> raise(std::exception_ptr error, std::source_location from = std::source_location::current()) {
        if (!error) throw std::invalid_argument("raise: there is no exception in the exception_ptr");
        if (!handle_) std::rethrow_exception(std::move(error));
        promise_type& p = promise();
        p.called_from(from);
        return element(p, p.resume_with(std::move(error)));
    }
    template <class E>
        requires(!std::convertible_to<E &&, std::exception_ptr>)
    next_result<Yield> raise(E&& error, std::source_location from = std::source_location::current()) {
        return raise(std::make_exception_ptr(std::forward<E>(error)), from);
    }

    /// Raises generator_exit at the co_yield where the body is suspended: it has finished when this returns. A body that
    /// has not begun never will.
    /// @return what the body returned on its way out (void for `Return` void); empty if it let the exit pass
    /// @throws generator_ignored_exit  it yielded again, and stays usable; what else comes out of the body
    /// @see g.close()
    auto close(std::source_location from = std::source_location::current())
        -> decltype(std::declval<promise_type&>().take_result()) {
        if (!handle_) return decltype(promise().take_result())();
        promise_type& p = promise();
        p.called_from(from);
        return p.close() ? p.take_result() : decltype(p.take_result())();
    }

    /// What the body returned. @throws invalid_state_error  it has not finished, has failed or was closed
    std::add_lvalue_reference_t<Return> result() & {
        if (!done()) throw invalid_state_error("result: the generator has not finished");
        if (!handle_ || !promise().has_result()) {
            throw invalid_state_error(
                "result: the generator has returned nothing: it failed, was closed or moved from");
        }
        return promise().result();
    }
    Return result() && {
        if constexpr (std::is_void_v<Return>) {
            result();
        } else {
            return static_cast<Return&&>(result());
        }
    }

    bool done() const noexcept { return !handle_ || promise().at_stage() == stage::closed; }
    bool running() const noexcept { return handle_ && promise().is_running(); }
    generator_state state() const noexcept { return handle_ ? promise().state() : generator_state::closed; }
    /// Whether it is suspended at a co_yield from(…). @see g.gi_yieldfrom
    bool delegating() const noexcept {
        return handle_ && !promise().is_running() &&
               (promise().at_stage() == stage::delegating || promise().at_stage() == stage::iterating);
    }
    /// The co_yield where it is suspended; before the body has begun, its first line (compiled by GCC 14: its last).
    /// @throws invalid_state_error  it was moved from  @see g.gi_frame.f_lineno
    std::source_location where() const {
        if (!handle_) throw invalid_state_error("where: the generator was moved from");
        return promise().where();
    }
    /// Where it and what it delegates to stand, innermost last. While it runs, who asked it to comes first; for a range-for
    /// that is the begin() of the loop throughout, as long as nobody calls next() or its like by hand.
    std::vector<stack_frame> frames() const { return handle_ ? promise().frames() : std::vector<stack_frame>(); }

    /// The first element is the next one: iteration goes on from where the generator stands, as with Python's iter(g).
    [[gnu::always_inline]] iterator begin(std::source_location from = std::source_location::current()) {
        if (!handle_) return iterator(nullptr);
        promise_type& p = promise();
        p.called_from(from);
        advance(p);
        return iterator(&p);
    }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    friend class generator_promise_base<Yield, Send, Return>;
    template <class G>
    friend class delegation;
    explicit generator(std::coroutine_handle<> h) noexcept : handle_(h) {}

    promise_type& promise() const noexcept {
        return std::coroutine_handle<promise_type>::from_address(handle_.address()).promise();
    }
    [[gnu::always_inline]] static next_result<Yield> element(promise_type& p, bool there_is_one) {
        return there_is_one ? p.place().take() : yielded_value<Yield>::nothing();
    }
    /// @return whether there is an element
    [[gnu::always_inline]] static bool advance(promise_type& p) {
        if (p.may_begin_or_go_on()) [[likely]] {
            p.enter(stage::running);
            p.handle().resume();
            if (p.at_stage() == stage::suspended) [[likely]]
                return true;
            if (p.at_stage() == stage::delegating) return generator_core::begin_delegated(*p.awaited());
            return p.at_stage() == stage::iterating || p.finish();
        }
        if (p.at_stage() == stage::closed) return false;
        if (p.at_stage() == stage::running) generator_core::throw_already_running();
        generator_core& innermost = *p.innermost();
        if (innermost.at_stage() != stage::suspended) [[unlikely]]
            return generator_core::resume_elsewhere(innermost);
        innermost.enter(stage::running);
        innermost.handle().resume();
        return innermost.at_stage() == stage::suspended || generator_core::go_on(innermost);
    }
    [[gnu::always_inline]] void destroy() noexcept {
        if (!handle_) return;
        promise_type& p = promise();
        const std::coroutine_handle<> frame = std::exchange(handle_, nullptr);  // a destructor in it may try to enter
        if (!p.goes_by_itself()) [[unlikely]] {
            if (p.at_stage() == stage::created) return promise_base::destroy_unstarted(p, frame);
            generator_core::leave(p.at_stage(), p.awaited());
        }
        frame.destroy();
    }

    std::coroutine_handle<> handle_;  // untyped: the delegating frame's owner_ points at a handle of this kind
};

template <class Yield, class Send, class Return>
class generator<Yield, Send, Return>::iterator {
public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = std::remove_cvref_t<Yield>;
    using difference_type = std::ptrdiff_t;

    iterator() noexcept = default;

    /// A value is given as an rvalue, for it is nobody else's.
    Yield&& operator*() const { return promise_->place().get(); }
    [[gnu::always_inline]] iterator& operator++() {
        advance(*promise_);
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept {
        return !i.promise_ || i.promise_->at_stage() == stage::closed;
    }

private:
    friend class generator;
    explicit iterator(promise_type* p) noexcept : promise_(p) {}
    promise_type* promise_ = nullptr;
};

template <class Yield, class Send, class Return>
generator<Yield, Send, Return> generator_promise_base<Yield, Send, Return>::get_return_object() noexcept {
    using promise = generator_promise<Yield, Send, Return>;
    static_assert(alignof(promise) <= alignof(std::max_align_t),
                  "weft: what a generator yields by value or returns may not be aligned more strictly than "
                  "std::max_align_t; yield a reference");
    return generator<Yield, Send, Return>(std::coroutine_handle<promise>::from_promise(static_cast<promise&>(*this)));
}

/// As the members of these names, for those who write for any generator.
template <class Yield, class Send, class Return>
std::vector<stack_frame> frames(const generator<Yield, Send, Return>& g) {
    return g.frames();
}

}  // namespace weft::inline v0

#undef WEFT_TRIVIAL_ABI

#include <weft/coro/from.hpp>  // IWYU pragma: export
