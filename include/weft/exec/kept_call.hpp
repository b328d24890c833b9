// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/result.hpp>
#include <weft/loop/context.hpp>

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// A callable and arguments that can be kept and called elsewhere: as std::thread takes them, as copies that are passed as
/// rvalues. A parameter `T&` therefore wants std::ref(x), which says that x outlives the call, even an abandoned one.
template <class F, class... Args>
concept keepable_call = std::invocable<std::decay_t<F>&, std::decay_t<Args>...>;

template <class F, class... Args>
using kept_call_result = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>...>;

/// A call with everything it needs, to be made once.
template <class F, class... Args>
auto kept_call(F&& f, Args&&... args) {
    return [f = std::decay_t<F>(std::forward<F>(f)),
            ... args = std::decay_t<Args>(std::forward<Args>(args))]() mutable -> kept_call_result<F, Args...> {
        return std::invoke(f, std::move(args)...);
    };
}

/// Makes a call and keeps what it returns or throws.
template <class R, class Call>
void call_into(result<R>& out, Call&& call) noexcept {
    std::exception_ptr error;
    try {
        if constexpr (std::is_void_v<R>) {
            call();
            out.set_value();
        } else {
            out.set_value(call());
        }
    } catch (...) {
        error = std::current_exception();
    }
    if (error) out.set_exception(std::move(error));  // out of the handler: the exception is this thread's no longer
}

/// What context variables are set to, on its way to another thread. Shared with whoever has the same; null: to nothing.
using carried_variables = std::shared_ptr<const context_core::entries>;

/// The present context's. @cost no allocation
carried_variables present_variables() noexcept;

/// While it lives this thread makes a call, in a context of the call's own in which `variables` are set.
/// @cost no allocation but for the first call of a thread
class call_context {
public:
    explicit call_context(carried_variables variables);
    call_context(const call_context&) = delete;
    call_context& operator=(const call_context&) = delete;
    ~call_context();

private:
    context own_;
    entered_context entered_;
};

}  // namespace weft::inline v0
