// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/frame_memory.hpp>
#include <weft/flow/gather.hpp>
#include <weft/loop/future.hpp>
#include <weft/loop/ready_queue.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// Hears of the end of a future as a done_hook does. Its own owner until then, or until that future dies pending: it does
/// not keep it alive, for if its task is destroyed with the loop, or nobody is left to complete it, both must go.
class future_link : public future_listener, public ready_node, public recycled {
protected:
    /// @throws invalid_state_error  `from` is not of the loop that runs here
    explicit future_link(future_core& from);
    virtual ~future_link() = default;
    virtual void hand_on(future_core& from) = 0;

private:
    static void told(future_listener& l, future_core* done);
    static void deliver(ready_node& n);

    future_reference<future_core> from_;  // null until it is done
};

/// Hands the end of one future on to another.
template <class T>
class shield_link final : public future_link {
public:
    shield_link(future_core& inner, future<T> outer) : future_link(inner), outer_(std::move(outer)) {}

private:
    void hand_on(future_core& from) override {
        if (outer_.done()) return;  // cancelled; an error that nobody sees is reported with the inner future
        auto& inner = static_cast<future_state<T>&>(from);
        if (inner.cancelled()) {
            outer_.cancel();
        } else if (auto error = inner.exception()) {
            outer_.set_exception(std::move(error));
        } else {
            try {
                if constexpr (std::is_void_v<T>) {
                    outer_.set_result();
                } else if constexpr (std::is_copy_constructible_v<T> || std::is_reference_v<T>) {
                    outer_.set_result(inner.peek());
                } else {
                    outer_.set_result(inner.take());
                }
            } catch (...) {
                outer_.set_exception(std::current_exception());
            }
        }
    }

    future<T> outer_;
};

/// Protects a task from the cancellation of who waits for it: only the wait ends, `aw` runs on. Keep a handle to it, or
/// nobody sees what becomes of it (an error is reported to the loop's exception handler).
///
///     co_await wait_for(shield(job), 1s);   // the job goes on after a timeout
///
/// @return a future of the result; copied, or moved if it cannot be copied
/// @throws no_running_loop_error; awaited: what `aw` throws, cancelled_error
/// @cost a future and a small block  @see asyncio.shield
template <gatherable A>
auto shield(A&& aw) {
    auto inner = ensure_future(std::forward<A>(aw));
    using T = typename decltype(inner)::value_type;
    if (inner.done()) return future<T>(std::move(inner));
    future<T> outer(inner.get_loop());
    new shield_link<T>(inner.state(), outer);  // its own owner
    return outer;
}

}  // namespace weft::inline v0
