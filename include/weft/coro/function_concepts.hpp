// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/awaitable.hpp>

#include <type_traits>
#include <utility>

// What a function makes when it is called, told without calling it: the questions of Python's inspect module. F is a
// function, a pointer to one, a member function pointer, or an object with an operator(): a single one that is no template,
// or one that can be called without arguments, as that of `[x](this auto) {…}`.

namespace weft::inline v0 {

template <class T>
class task;
template <class Yield, class Send, class Return>
class generator;
template <class Yield, class Send>
class async_generator;

template <class R, class... A>
R result_of_signature(R (*)(A...));
template <class R, class... A>
R result_of_signature(R (*)(A..., ...));
template <class R, class C, class... A>
R result_of_signature(R (C::*)(A...));
template <class R, class C, class... A>
R result_of_signature(R (C::*)(A...) const);
template <class R, class C, class... A>
R result_of_signature(R (C::*)(A...) &);
template <class R, class C, class... A>
R result_of_signature(R (C::*)(A...) const&);
template <class R, class C, class... A>
R result_of_signature(R (C::*)(A...) &&);
template <class R, class C, class... A>
R result_of_signature(R (C::*)(A...) const&&);
template <class R, class C, class... A>
R result_of_signature(R (C::*)(A..., ...));
template <class R, class C, class... A>
R result_of_signature(R (C::*)(A..., ...) const);

template <class F>
struct signature_result {
    using type = void;
};
template <class F>
    requires requires(F f) { result_of_signature(f); }
struct signature_result<F> {
    using type = decltype(result_of_signature(std::declval<F>()));
};
template <class F>
    requires requires { result_of_signature(&F::operator()); }
struct signature_result<F> {
    using type = decltype(result_of_signature(&F::operator()));
};
template <class F>
    requires(
        !requires(F f) { result_of_signature(f); } && !requires { result_of_signature(&F::operator()); } &&
        requires(F& f) { f(); })
struct signature_result<F> {
    using type = decltype(std::declval<F&>()());
};

template <class T>
struct made_by_call {
    static constexpr bool task = false, generator = false, async_generator = false;
};
template <class T>
struct made_by_call<weft::task<T>> : made_by_call<void> {
    static constexpr bool task = true;
};
template <class Yield, class Send, class Return>
struct made_by_call<weft::generator<Yield, Send, Return>> : made_by_call<void> {
    static constexpr bool generator = true;
};
template <class Yield, class Send>
struct made_by_call<weft::async_generator<Yield, Send>> : made_by_call<void> {
    static constexpr bool async_generator = true;
};

/// Calling F makes a generator. @see inspect.isgeneratorfunction
template <class F>
concept generator_function = made_by_call<typename signature_result<std::decay_t<F>>::type>::generator;

/// Calling F makes a task. @see inspect.iscoroutinefunction
template <class F>
concept coroutine_function = made_by_call<typename signature_result<std::decay_t<F>>::type>::task;

/// Calling F makes an async generator. @see inspect.isasyncgenfunction
template <class F>
concept async_generator_function = made_by_call<typename signature_result<std::decay_t<F>>::type>::async_generator;

/// Calling F makes a coroutine of any kind, and runs nothing of it: what no callback may be.
template <class F>
concept any_coroutine_function = coroutine_function<F> || generator_function<F> || async_generator_function<F>;

}  // namespace weft::inline v0
