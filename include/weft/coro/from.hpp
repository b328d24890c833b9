// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/generator.hpp>

#include <concepts>
#include <coroutine>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>

// Python's `yield from`: `co_yield from(inner)` hands over to another generator, or to a range, until it has finished.

namespace weft::inline v0 {

template <class T>
class task;
template <class Yield, class Send>
class async_generator;

template <class T>
inline constexpr bool is_generator = false;
template <class Yield, class Send, class Return>
inline constexpr bool is_generator<generator<Yield, Send, Return>> = true;
template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;
template <class T>
inline constexpr bool is_async_generator = false;
template <class Yield, class Send>
inline constexpr bool is_async_generator<async_generator<Yield, Send>> = true;

/// A generator on its way into another one, whose frame it then lives in, as the awaiter, while it is resumed in its place.
template <class G>
class [[nodiscard("write co_yield from(…)")]] delegation {
public:
    explicit delegation(G&& inner) noexcept : inner_(std::move(inner)) {}
    delegation(const delegation&) = delete;
    delegation& operator=(const delegation&) = delete;

    bool await_ready() const noexcept { return inner_.done(); }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> outer) noexcept {
        outer.promise().delegate_to(inner_.promise(), inner_.handle_);
    }
    auto await_resume() -> decltype(std::declval<G>().result()) {
        if (inner_.handle_) inner_.promise().delegated();
        if constexpr (!std::is_void_v<decltype(std::declval<G>().result())>) return std::move(inner_).result();
    }

private:
    G inner_;
};

/// A range on its way into a generator: owned if it was a temporary, else referred to.
template <class Range>
class [[nodiscard("write co_yield from(…)")]] range_delegation {
public:
    explicit range_delegation(Range&& range) : range_(std::forward<Range>(range)) {}
    range_delegation(const range_delegation&) = delete;
    range_delegation& operator=(const range_delegation&) = delete;
    std::remove_reference_t<Range>& range() noexcept { return range_; }

private:
    Range range_;
};

/// Hands over, in a generator's body: `T result = co_yield from(inner)`. next(), send(), raise() and close() of the outer
/// generator then go straight to the inner one; what the inner one returns is the result.
///
/// @param source  a generator by rvalue (it may have been started), with the same `Yield` and the same or no `Send`; or an
///     input range. A value sent to a range or to a generator without `Send` raises generator_cannot_send at this co_yield.
/// @throws generator_already_running  the generator runs; it stays where it is
/// @throws what comes out of the inner generator or the range, at the co_yield
/// @cost none per element, however deep  @see PEP 380
template <class Source>
auto from(Source&& source) {
    using plain = std::remove_cvref_t<Source>;
    if constexpr (is_generator<plain> && std::same_as<Source, plain>) {
        if (source.running()) generator_core::throw_already_running();
        return delegation<plain>(std::move(source));
    } else if constexpr (is_generator<plain>) {
        static_assert(!is_generator<plain>, "weft: from() takes the generator over: write from(std::move(g))");
    } else if constexpr (is_task<plain>) {
        static_assert(!is_task<plain>,
                      "weft: from() takes a generator or a range, no task: a task gives one result, and "
                      "is awaited, in a task or an async_generator");
    } else if constexpr (is_async_generator<plain>) {
        static_assert(!is_async_generator<plain>,
                      "weft: from() takes a generator or a range, no async_generator (nor has Python that): write "
                      "while (auto item = co_await g.next()) co_yield *item;");
    } else if constexpr (std::is_array_v<Source>) {
        static_assert(!std::is_array_v<Source>, "weft: pass the array itself: from(a)");
    } else if constexpr (std::ranges::input_range<Source>) {
        return range_delegation<Source>(std::forward<Source>(source));
    } else {
        static_assert(std::ranges::input_range<Source>, "weft: from() takes a generator or an input range");
    }
}

/// Whether `Range` owns its elements, as far as its type tells: a constant container gives constant elements, and what only
/// refers to elements mostly gives them as they are.
template <class Range>
inline constexpr bool owns_elements = false;
template <class Range>
    requires(!std::ranges::view<Range> && !std::ranges::borrowed_range<Range> && std::ranges::input_range<const Range>)
inline constexpr bool owns_elements<Range> =
    std::is_lvalue_reference_v<std::ranges::range_reference_t<const Range>> &&
    std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<const Range>>>;

/// Waits in the generator's frame and hands out the elements of a range.
template <class Yield, class Range>
class range_awaiter : public range_source {
    // The elements of a range that nobody else knows may be moved from.
    static constexpr bool moves_elements = owns_elements<Range> && !std::is_reference_v<Yield>;

public:
    using element = std::conditional_t<moves_elements, std::ranges::range_rvalue_reference_t<Range>,
                                       std::ranges::range_reference_t<Range>>;

    range_awaiter(yielding_core<Yield>& outer, std::remove_reference_t<Range>& range)
        : range_source(advance), outer_(outer), range_(range) {}
    ~range_awaiter() { drop(); }

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<>) {
        if (!next()) return false;
        outer_.iterate(*this);
        return true;
    }
    void await_resume() {
        drop();
        outer_.throw_delivered();
    }

private:
    static bool advance(range_source& source) {
        auto& self = static_cast<range_awaiter&>(source);
        if (self.at_) {
            self.drop();
            ++*self.at_;
        } else {
            self.at_.emplace(std::ranges::begin(self.range_));
        }
        if (*self.at_ == std::ranges::end(self.range_)) return false;
        if constexpr (moves_elements) {
            self.outer_.own_place().put(std::ranges::iter_move(*self.at_));
        } else {
            self.outer_.own_place().put(**self.at_);
        }
        self.holds_ = true;
        return true;
    }
    void drop() noexcept {
        if (std::exchange(holds_, false)) outer_.own_place().drop();
    }

    yielding_core<Yield>& outer_;
    std::remove_reference_t<Range>& range_;
    std::optional<std::ranges::iterator_t<std::remove_reference_t<Range>>> at_;
    bool holds_ = false;  // an element is in its place
};

template <class Yield, class Send, class Return>
template <class G>
delegation<G>& generator_promise_base<Yield, Send, Return>::yield_value(delegation<G>&& inner,
                                                                        std::source_location where) {
    []<class Y, class S, class R>(const generator<Y, S, R>*) {
        static_assert(std::same_as<Y, Yield>, "weft: from(): both generators must yield the same type");
        static_assert(std::same_as<S, Send> || std::is_void_v<S>,
                      "weft: from(): the inner generator must be sent what the outer one is, or nothing");
    }(static_cast<const G*>(nullptr));
    this->stand_at(where);
    return static_cast<delegation<G>&>(inner);
}

template <class Yield, class Send, class Return>
template <class Range>
range_awaiter<Yield, Range> generator_promise_base<Yield, Send, Return>::yield_value(range_delegation<Range>&& range,
                                                                                     std::source_location where) {
    using element = typename range_awaiter<Yield, Range>::element;
    static_assert(std::convertible_to<element, Yield>,
                  "weft: from(range): the elements of the range must convert to what the generator yields");
    static_assert(
        !std::is_reference_v<Yield> || (std::is_reference_v<element> &&
                                        std::convertible_to<std::add_pointer_t<element>, std::add_pointer_t<Yield>>),
        "weft: from(range): this range makes its elements as it goes, and a reference to one would dangle: yield "
        "values, or iterate over it");
    this->stand_at(where);
    return range_awaiter<Yield, Range>(*this, range.range());
}

}  // namespace weft::inline v0
