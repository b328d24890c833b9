// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/flow/gather.hpp>
#include <weft/loop/done_hook.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// Hands the end of one future on to another.
template <class F>
class shield_link : public recycled {
    using T = typename F::value_type;

public:
    shield_link(F inner, future<T> outer)
        : inner_(std::move(inner)), outer_(std::move(outer)), hook_(inner_.state(), this, done) {}

private:
    static void done(void* self, future_core&) {
        const std::unique_ptr<shield_link> link(static_cast<shield_link*>(self));
        link->hand_on();
    }
    void hand_on() {
        if (outer_.done()) return;  // cancelled; an error that nobody sees is reported with the inner future
        if (inner_.cancelled()) {
            outer_.cancel();
        } else if (auto error = inner_.exception()) {
            outer_.set_exception(std::move(error));
        } else {
            try {
                if constexpr (std::is_void_v<T>) {
                    outer_.set_result();
                } else if constexpr (std::is_copy_constructible_v<T> || std::is_reference_v<T>) {
                    outer_.set_result(inner_.state().peek());
                } else {
                    outer_.set_result(inner_.state().take());
                }
            } catch (...) {
                outer_.set_exception(std::current_exception());
            }
        }
    }

    F inner_;
    future<T> outer_;
    done_hook hook_;
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
    using inner_type = decltype(inner);
    using T = typename inner_type::value_type;
    if (inner.done()) return future<T>(std::move(inner));
    future<T> outer(inner.get_loop());
    new shield_link<inner_type>(std::move(inner), outer);  // its own owner, until the inner future is done
    return outer;
}

}  // namespace weft::inline v0
