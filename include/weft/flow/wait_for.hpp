// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/flow/gather.hpp>
#include <weft/flow/keep.hpp>
#include <weft/flow/timeout.hpp>
#include <weft/flow/wait.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

template <class A, class T = await_result<A>>
task<T> wait_until_done_for(A aw, std::optional<nanos> limit) {
    if (limit && *limit <= 0) {
        auto f = ensure_future(std::move(aw));
        if (!f.done()) {
            f.cancel();
            future_core* const cancelled = &f.state();
            co_await wait_awaiter({&cancelled, 1}, {});  // a turn at least, as in asyncio: others see it wait
            if (f.cancelled()) throw timeout_error();
        }
        co_return co_await std::move(f);
    }
    timeout deadline = limit ? timeout(std::chrono::nanoseconds(*limit)) : timeout(std::nullopt);
    co_await deadline.enter();
    std::exception_ptr error;
    result<T> outcome;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(aw);
        } else {
            outcome.set_value(co_await std::move(aw));
        }
    } catch (...) {
        error = std::current_exception();
    }
    co_await deadline.exit(error);
    if (error) std::rethrow_exception(std::move(error));
    co_return outcome.take();
}

/// Awaits `aw` for at most `limit`: then it is cancelled, and has ended when this throws.
/// @param aw  a task, handle, future or operation. A handle's task is cancelled by the timeout as well: use shield()
/// @param limit  zero or less: it is cancelled at once unless it is done; std::nullopt: no limit
/// @throws awaited: timeout_error, what `aw` throws, cancelled_error  @see asyncio.wait_for
template <keepable A, class Rep, class Period>
auto wait_for(A&& aw, std::chrono::duration<Rep, Period> limit) {
    return wait_until_done_for(keep(std::forward<A>(aw)), std::optional<nanos>(to_nanos(limit)));
}
template <keepable A>
auto wait_for(A&& aw, std::nullopt_t) {
    return wait_until_done_for(keep(std::forward<A>(aw)), std::optional<nanos>());
}

}  // namespace weft::inline v0
