// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/from.hpp>
#include <weft/coro/generator.hpp>
#include <weft/fiber/fiber_generator_core.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::inline v0 {

template <class Yield, class Send, class Return>
class fiber_generator;

template <class T>
inline constexpr bool is_fiber_generator = false;
template <class Yield, class Send, class Return>
inline constexpr bool is_fiber_generator<fiber_generator<Yield, Send, Return>> = true;

/// What yields, in the body of a fiber_generator: `yield(element)`, in whatever function it was passed to, at any depth of
/// calls. A pointer, to be copied or referred to at will; of use on the stack of that body alone.
template <class Yield, class Send = void>
class yielder {
    static_assert(std::is_reference_v<Yield> || std::is_move_constructible_v<Yield>,
                  "weft: a generator yields what can be moved; to yield what cannot, make it a fiber_generator<T&>");
    static_assert(std::is_void_v<Send> || std::default_initializable<Send>,
                  "weft: a generator's Send must be void or default-initializable, for next() sends a default: use "
                  "std::optional<T>, or a pointer");

public:
    explicit yielder(fiber_generator_core& core) noexcept : core_(&core) {}

    /// Hands out `element`, and returns when the next one is wanted: `co_yield element`. Allowed in a `catch` block as well.
    /// @return what was sent; `Send{}` for next()
    /// @throws what is raised here; generator_exit  by close(); fiber_exit  the generator is being destroyed
    /// @throws invalid_state_error  another stack runs than the generator's own
    [[gnu::always_inline]] Send operator()(Yield element,
                                           std::source_location where = std::source_location::current()) const {
        void* const sent = core_->yield(place_of(element), where);
        core_->throw_delivered();
        if constexpr (!std::is_void_v<Send>) {
            if (!sent) return Send{};
            return received(sent);
        }
    }

    /// Hands over to another generator, or to a range, until it has finished: `co_yield from(source)`.
    /// @param source  a generator of either kind by rvalue, with the same `Yield` and the same or no `Send`; or an input range.
    ///     A value sent to what takes none raises generator_cannot_send here
    /// @return what the generator returns
    /// @throws generator_already_running  the generator runs; it stays where it is
    /// @throws what comes out of the generator or the range
    /// @cost that of the other's next() with each element: functions that are passed the yielder cost less  @see PEP 380
    template <class Source>
    auto from(Source&& source, std::source_location where = std::source_location::current()) const {
        using plain = std::remove_cvref_t<Source>;
        if constexpr (is_generator<plain> || is_fiber_generator<plain>) {
            static_assert(std::same_as<Source, plain>,
                          "weft: from() takes the generator over: write yield.from(std::move(g))");
            if (source.running()) throw generator_already_running();
            return from_generator(plain(std::move(source)), where);
        } else {
            static_assert(std::ranges::input_range<Source>, "weft: from() takes a generator or an input range");
            from_range<Source>(source, where);
        }
    }

private:
    static void* place_of(std::remove_reference_t<Yield>& element) noexcept {
        return const_cast<std::remove_cvref_t<Yield>*>(std::addressof(element));
    }
    static auto received(void* sent) -> std::add_rvalue_reference_t<Send> {
        return static_cast<Send&&>(*static_cast<std::remove_reference_t<Send>*>(sent));
    }

    template <class G>
    auto from_generator(G inner, std::source_location where) const {
        []<template <class, class, class> class Any, class Y, class S, class R>(const Any<Y, S, R>*) {
            static_assert(std::same_as<Y, Yield>, "weft: from(): both generators must yield the same type");
            static_assert(std::same_as<S, Send> || std::is_void_v<S>,
                          "weft: from(): the inner generator must be sent what the outer one is, or nothing");
        }(static_cast<const G*>(nullptr));
        const fiber_generator_core::delegation meanwhile(
            *core_, &inner, [](const void* g) { return static_cast<const G*>(g)->frames(); });
        void* sent = nullptr;
        std::exception_ptr error;
        for (;;) {
            auto element = ask(inner, sent, std::exchange(error, nullptr), where);
            if (!element) return std::move(inner).result();
            sent = core_->yield(place_of(*element), where);
            try {
                core_->throw_delivered();
            } catch (const generator_exit&) {
                inner.close();
                throw;
            } catch (...) {
                error = std::current_exception();
            }
        }
    }
    template <class G>
    static auto ask(G& inner, void* sent, std::exception_ptr error, const std::source_location& where) {
        if (error) return inner.raise(std::move(error), where);
        if (!sent) return inner.next(where);
        if constexpr (requires { inner.send(received(sent)); }) {
            return inner.send(received(sent), where);
        } else {
            throw generator_cannot_send();
            return inner.next(where);
        }
    }

    template <class Range>
    void from_range(std::remove_reference_t<Range>& range, std::source_location where) const {
        static constexpr bool moves = owns_elements<Range> && !std::is_reference_v<Yield>;
        using element = std::ranges::range_reference_t<Range>;
        static_assert(std::convertible_to<element, Yield>,
                      "weft: from(range): the elements of the range must convert to what the generator yields");
        const fiber_generator_core::delegation meanwhile(*core_, nullptr, nullptr);
        for (auto at = std::ranges::begin(range); at != std::ranges::end(range); ++at) {
            void* sent = nullptr;
            if constexpr (moves) {
                Yield value(std::ranges::iter_move(at));
                sent = core_->yield(place_of(value), where);
            } else {
                Yield value(*at);
                sent = core_->yield(place_of(value), where);
            }
            core_->throw_delivered();
            if (sent) throw generator_cannot_send();
        }
    }

    fiber_generator_core* core_;
};

}  // namespace weft::inline v0
