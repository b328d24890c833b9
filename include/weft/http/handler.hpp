// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/http/request.hpp>
#include <weft/http/response.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft::inline v0::http {

/// Answers a request. Kept as long as the server or a request that it answers lives, so that a lambda may have captures.
using handler = std::move_only_function<task<response>(request&) const>;

/// What a route is given: a handler, or what one can be made of. Whatever else it is given is refused in words, where a
/// std::move_only_function lists its constructors.
class route_handler {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, route_handler>)
    route_handler(F&& f) {
        static_assert(
            std::is_convertible_v<F, handler>,
            "weft: a handler is a coroutine weft::task<http::response> f(http::request&), or a lambda like it: "
            "it takes the request by reference, gives a task, and can be called while it is const (not mutable)");
        if constexpr (std::is_convertible_v<F, handler>) handler_ = std::forward<F>(f);
    }
    handler take() && noexcept { return std::move(handler_); }

private:
    handler handler_;
};

template <class F>
concept handles_requests = std::is_invocable_r_v<task<response>, std::decay_t<F>&, request&>;

class router;

/// What comes behind a middleware: other middleware, and at last the route's handler.
class next {
public:
    /// Has the rest answer. Once, or again for another try.
    task<response> operator()(request& r) const;

private:
    friend class router;
    next(const router& in, std::size_t index) noexcept : router_(&in), index_(index) {}
    const router* router_;
    std::size_t index_;
};

/// Stands around handlers: may look at the request before, at the response after, or answer itself.
///
///     weft::task<http::response> timed(http::request& r, http::next next) {
///         const auto began = weft::get_running_loop().time();
///         http::response answer = co_await next(r);
///         …
///         co_return answer;
///     }
using middleware = std::function<task<response>(request&, next)>;

}  // namespace weft::inline v0::http
