// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/fiber/fiber_promise.hpp>

#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// Suspends the fiber on whose stack it is called, from any depth of calls, until `a` is done: `co_await a` for functions that
/// are no coroutines. Other tasks of the loop go on meanwhile.
/// @param a  anything a coroutine can await, by the same rules: a task is given as an rvalue
/// @return what `co_await a` gives
/// @throws what `co_await a` throws, cancelled_error; invalid_state_error  not called in a fiber that create_fiber() has made
/// @see gevent.hub.switch
template <class A>
decltype(auto) await(A&& a, std::source_location where = std::source_location::current()) {
    fiber_promise& self = fiber_promise::running();
    const fiber_promise::awaiting within(self);
    auto&& adapted = self.await_transform(std::forward<A>(a), where);
    auto&& awaiter = get_awaiter(std::forward<decltype(adapted)>(adapted));
    if (!awaiter.await_ready()) {
        const auto handle = std::coroutine_handle<fiber_promise>::from_promise(self);
        using returned = decltype(awaiter.await_suspend(handle));
        if constexpr (std::is_void_v<returned>) {
            awaiter.await_suspend(handle);
            self.park();
        } else if constexpr (std::is_same_v<returned, bool>) {
            if (awaiter.await_suspend(handle)) self.park();
        } else {
            self.park(awaiter.await_suspend(handle));
        }
    }
    return awaiter.await_resume();
}

}  // namespace weft::inline v0
