// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/generator_state.hpp>
#include <weft/coro/trace_exception.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/coro/yielded_value.hpp>
#include <weft/fiber/fiber_generator_core.hpp>
#include <weft/fiber/yielder.hpp>  // IWYU pragma: export

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <ranges>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace weft::inline v0 {

template <class F, class Yield, class Send, class Return>
concept generator_body_for = std::is_invocable_r_v<Return, std::decay_t<F>&, yielder<Yield, Send>&>;

/// The core with what the body returns; the body itself lies at the top of its stack.
template <class Yield, class Send, class Return>
class fiber_generator_state final : public fiber_generator_core {
    using stored =
        std::conditional_t<std::is_void_v<Return>, std::monostate,
                           std::conditional_t<std::is_reference_v<Return>, std::add_pointer_t<Return>, Return>>;
    static_assert(alignof(stored) <= alignof(std::max_align_t),
                  "weft: what a generator returns may not be aligned more strictly than std::max_align_t");

    template <class F>
    struct content {
        F body;
        fiber_generator_state& state;
    };

public:
    template <class F>
    fiber_generator_state(F&& f, const fiber_options& options, std::source_location made_at)
        : fiber_generator_core(options, made_at) {
        using kept = content<std::decay_t<F>>;
        static constexpr fiber_body body = {
            .type = &typeid(step), .run = &run<std::decay_t<F>>, .destroy = [](void* place) noexcept {
                std::destroy_at(static_cast<kept*>(place));
            }};
        void* const place = fiber().reserve(sizeof(kept), alignof(kept));
        fiber().be_ready(body, new (place) kept{std::forward<F>(f), *this});
    }
    ~fiber_generator_state() { leave(); }

    std::add_lvalue_reference_t<Return> result() noexcept {
        if constexpr (std::is_reference_v<Return>) {
            return **returned_;
        } else if constexpr (!std::is_void_v<Return>) {
            return *returned_;
        }
    }
    bool has_result() const noexcept { return returned_.has_value(); }
    auto take_result() {
        if constexpr (std::is_void_v<Return>) {
            returned_.reset();
        } else if constexpr (std::is_reference_v<Return>) {
            return returned_ ? *std::exchange(returned_, std::nullopt) : nullptr;
        } else {
            return std::exchange(returned_, std::nullopt);
        }
    }

private:
    template <class F>
    static void run(fiber_core& fiber, arrival first) noexcept {
        auto& kept = *static_cast<content<F>*>(fiber.callable());
        fiber_generator_state& self = kept.state;
        std::exception_ptr error;
        try {
            self.body_begins(first);
            self.call(kept.body);
        } catch (const fiber_exit&) {
            if (!fiber.is_closing()) error = exception_leaving(self.where());
        } catch (...) {
            error = exception_leaving(self.where());
        }
        kept.body.~F();
        self.body_ended(error);
    }
    template <class F>
    void call(F& body) {
        yielder<Yield, Send> yield(*this);
        if constexpr (std::is_void_v<Return>) {
            std::invoke(body, yield);
            returned_.emplace();
        } else if constexpr (std::is_reference_v<Return>) {
            returned_.emplace(std::addressof(std::invoke_r<Return>(body, yield)));
        } else {
            returned_.emplace(std::invoke_r<Return>(body, yield));
        }
    }

    std::optional<stored> returned_;
};

/// A generator whose body is an ordinary callable with a stack of its own, so that it may yield from any depth of ordinary
/// calls: a recursive function, a visitor of std::visit, the lambda of an algorithm. To who asks, it is a generator.
///
///     weft::fiber_generator<int> evens([&](auto& yield) {
///         std::ranges::for_each(numbers, [&](int n) { if (n % 2 == 0) yield(n); });
///     });
///     for (int n : evens) …
///
/// Members are called, and behave, as those of generator<Yield, Send, Return>. What is other:
///
/// - The body is called as `Return body(yielder<Yield, Send>&)`, and lives, with its captures, until it has ended.
/// - It may yield while it handles an exception, and which one that is, is its own: the caller's is not seen.
/// - Where it calls await(), whoever asked waits: if that is a fiber on the loop, it is suspended together with the
///   generator, which counts as running meanwhile. Asked by anybody else, await() refuses.
/// - close() raises generator_exit, as everywhere. Destroying it unwinds its stack by fiber_exit, which runs destructors and
///   no `catch` but those of `...`; if the body throws another exception then, that is written to stderr.
///
/// @thread the one that made it
/// @cost two switches an element, 13 ns, at any depth; a block and a pooled stack, of which 4 KiB are used at first
/// @see generator; docs/guide/generators.md; greenlet
template <class Yield, class Send = void, class Return = void>
class [[nodiscard("a generator does nothing until it is asked for an element")]] fiber_generator
    : public std::ranges::view_base {
    static constexpr bool can_send = !std::is_void_v<Send>;
    using sent = std::conditional_t<can_send, Send, std::nullptr_t>;
    using state_type = fiber_generator_state<Yield, Send, Return>;
    using here = std::source_location;

public:
    class iterator;

    /// One that has finished.
    fiber_generator() noexcept = default;
    /// Implicit, so that a function that gives a generator may return the body.
    /// @throws std::system_error, std::bad_alloc: no memory for a stack
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, fiber_generator>) && generator_body_for<F, Yield, Send, Return>
    fiber_generator(F&& body, const fiber_options& options = {}, here made_at = here::current())
        : state_(std::make_unique<state_type>(std::forward<F>(body), options, made_at)) {}

    fiber_generator(fiber_generator&&) noexcept = default;
    fiber_generator& operator=(fiber_generator&&) noexcept = default;
    ~fiber_generator() { state_.reset(); }  // and does not hold it meanwhile: a destructor in the body may try to enter

    /// Runs to the next yield, which gives `Send{}` in the body when it goes on.
    /// @return the element; empty once the body has finished, and ever after
    /// @throws what comes out of the body, which has finished then; generator_already_running
    /// @throws invalid_state_error  on another thread  @see next(g)
    [[gnu::always_inline]] next_result<Yield> next(here from = here::current()) {
        if (!state_) return yielded_value<Yield>::nothing();
        fiber_generator_core& s = asked(from);  // looked up once: the body may move this object
        return element(s, s.next());
    }

    /// As next(), but the yield where the body is suspended gives `value`.
    /// @throws generator_not_started  it stands before its first yield; call next() first  @see g.send(v)
    next_result<Yield> send(sent value, here from = here::current())
        requires can_send
    {
        if (!state_) return yielded_value<Yield>::nothing();
        fiber_generator_core& s = asked(from);
        return element(s, s.send(const_cast<std::remove_cvref_t<sent>*>(std::addressof(value))));
    }

    /// Raises `error` at the yield where the body is suspended. If it has not begun or has finished, `error` comes straight
    /// back, and it has finished.
    /// @return what the body yields next; empty if it returned  @throws what comes out of the body  @see g.throw(e)
    next_result<Yield> raise(std::exception_ptr error, here from = here::current()) {
        if (!error) throw std::invalid_argument("raise: there is no exception in the exception_ptr");
        if (!state_) std::rethrow_exception(std::move(error));
        fiber_generator_core& s = asked(from);
        return element(s, s.raise(std::move(error)));
    }
    template <class E>
        requires(!std::convertible_to<E &&, std::exception_ptr>)
    next_result<Yield> raise(E&& error, here from = here::current()) {
        return raise(std::make_exception_ptr(std::forward<E>(error)), from);
    }

    /// Raises generator_exit at the yield where the body is suspended: it has finished when this returns. A body that has not
    /// begun never will.
    /// @return what the body returned on its way out (void for `Return` void); empty if it let the exit pass
    /// @throws generator_ignored_exit  it yielded again, and stays usable; what else comes out of the body
    /// @see g.close()
    auto close(here from = here::current()) -> decltype(std::declval<state_type&>().take_result()) {
        using taken = decltype(state_->take_result());
        if (!state_) return taken();
        state_type& s = *state_;
        asked(from);
        return s.close() ? s.take_result() : taken();
    }

    /// What the body returned. @throws invalid_state_error  it has not finished, has failed or was closed
    std::add_lvalue_reference_t<Return> result() & {
        if (!done()) throw invalid_state_error("result: the generator has not finished");
        if (!state_ || !state_->has_result()) {
            throw invalid_state_error(
                "result: the generator has returned nothing: it failed, was closed or moved from");
        }
        return state_->result();
    }
    Return result() && {
        if constexpr (std::is_void_v<Return>) {
            result();
        } else {
            return static_cast<Return&&>(result());
        }
    }

    bool done() const noexcept { return !state_ || state_->is_closed(); }
    bool running() const noexcept { return state_ && state_->is_running(); }
    generator_state state() const noexcept { return state_ ? state_->state() : generator_state::closed; }
    /// Whether it is suspended in a yielder's from(…). @see g.gi_yieldfrom
    bool delegating() const noexcept { return state_ && state_->is_delegating(); }
    /// The yield where it is suspended; before the body has begun, where it was made.
    /// @throws invalid_state_error  it was moved from  @see g.gi_frame.f_lineno
    here where() const {
        if (!state_) throw invalid_state_error("where: the generator was moved from");
        return state_->where();
    }
    /// Where it and what it delegates to stand, innermost last; while it runs, who asked it to comes first.
    std::vector<stack_frame> frames() const { return state_ ? state_->frames() : std::vector<stack_frame>(); }

    /// The first element is the next one: iteration goes on from where the generator stands, as with Python's iter(g).
    [[gnu::always_inline]] iterator begin(here from = here::current()) {
        if (!state_) return iterator(nullptr);
        fiber_generator_core& s = asked(from);
        s.next();
        return iterator(&s);
    }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    fiber_generator_core& asked(const here& from) noexcept {
        state_->called_from(from);
        return *state_;
    }
    static std::remove_reference_t<Yield>& element_of(const fiber_generator_core& s) noexcept {
        return *static_cast<std::remove_reference_t<Yield>*>(s.element());
    }
    static next_result<Yield> element(const fiber_generator_core& s, bool there_is_one) {
        if (!there_is_one) return yielded_value<Yield>::nothing();
        if constexpr (std::is_reference_v<Yield>) {
            return std::addressof(element_of(s));
        } else {
            return std::move(element_of(s));
        }
    }

    std::unique_ptr<state_type> state_;
};

template <class Yield, class Send, class Return>
class fiber_generator<Yield, Send, Return>::iterator {
public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = std::remove_cvref_t<Yield>;
    using difference_type = std::ptrdiff_t;

    iterator() noexcept = default;

    /// A value is given as an rvalue, for it is nobody else's.
    Yield&& operator*() const { return static_cast<Yield&&>(element_of(*core_)); }
    [[gnu::always_inline]] iterator& operator++() {
        core_->next();
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept {
        return !i.core_ || i.core_->is_closed();
    }

private:
    friend class fiber_generator;
    explicit iterator(fiber_generator_core* core) noexcept : core_(core) {}
    fiber_generator_core* core_ = nullptr;
};

/// As the members of these names, for those who write for any generator.
template <class Yield, class Send, class Return>
std::vector<stack_frame> frames(const fiber_generator<Yield, Send, Return>& g) {
    return g.frames();
}

}  // namespace weft::inline v0
