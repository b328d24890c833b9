// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/outcome.hpp>
#include <weft/flow/keep.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

template <class A, class T = await_result<A>>
task<outcome<T>> outcome_of(A aw) {
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(aw);
            co_return outcome<T>(std::in_place);
        } else {
            co_return outcome<T>(std::in_place, co_await std::move(aw));
        }
    } catch (const cancelled_error&) {
        throw;
    } catch (...) {
        co_return outcome<T>(std::current_exception());
    }
}

/// Awaits `aw` and gives what became of it: errors as values. A cancellation is none, and is thrown.
///
///     auto page = co_await try_(fetch(url));
///     if (!page) log(describe_exception(page.exception()));
///
/// @return awaited: an outcome<T>  @throws awaited: cancelled_error
template <keepable A>
auto try_(A&& aw) {
    return outcome_of(keep(std::forward<A>(aw)));
}

}  // namespace weft::inline v0
