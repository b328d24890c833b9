// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/exec/blocking_call.hpp>

#include <utility>

namespace weft::inline v0 {

/// Calls `f(args…)` on a thread of the loop's default pool and waits for it, while the loop goes on:
///
///     std::string text = co_await to_thread(read_whole_file, path);
///
/// The callable and the arguments are copied or moved away and live until the call has ended; they are passed as rvalues.
/// Pass std::ref(x) to refer to x on purpose: x must then outlive the call, which cancellation does not end. The call sees
/// the caller's context variables; what it sets is its own.
/// @return awaited: what the call gives (move-only too, a reference, or nothing)
/// @throws awaited: what the call throws, unchanged; invalid_state_error  the loop's default executor has been shut down;
///     std::system_error  no thread can be started
/// @cancel a call that has not begun is never made; one that runs goes on, and what comes of it goes nowhere; of one that is
///     back already what came is given, and the cancellation waits for the next await
/// @cost one allocation; a wake-up of the thread and one of the loop
/// @see asyncio.to_thread, thread_pool, event_loop::set_default_executor, examples/20_blocking_work.cpp
template <class F, class... Args>
    requires keepable_call<F, Args...>
auto to_thread(F&& f, Args&&... args) {
    return make_blocking_call(nullptr, std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace weft::inline v0
