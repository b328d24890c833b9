// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/frame_memory.hpp>
#include <weft/loop/future.hpp>
#include <weft/loop/ready_queue.hpp>

#include <utility>

namespace weft::inline v0 {

/// Calls back when a future is done, from the ready queue, a turn later, as asyncio's done callbacks do: what was ready at
/// the same time runs before whatever the callback then wakes or cancels. Destroying it takes the callback back.
/// @thread the loop's  @cost one small recycled block
class done_hook {
public:
    /// @param owner  handed to `call`  @throws invalid_state_error  the future is not of the loop that runs here
    using function = void (*)(void* owner, future_core& done);
    done_hook(future_core& f, void* owner, function call) : notice_(new notice(f, owner, call)) {}
    done_hook(done_hook&& o) noexcept : notice_(std::exchange(o.notice_, nullptr)) {}
    done_hook& operator=(done_hook o) noexcept {
        std::swap(notice_, o.notice_);
        return *this;
    }
    ~done_hook() {
        if (notice_) notice_->forget();
    }

    future_core& future() const noexcept { return *notice_->future_; }

private:
    friend struct memory_layout;
    /// Waits for the future, then in the ready queue. It cannot leave that, so it is its own owner while it is there.
    struct notice final : ready_node, recycled {
        notice(future_core& f, void* owner, function call);
        void forget() noexcept;
        void deliver();

        struct own_listener : future_listener {
            explicit own_listener(notice& n) noexcept : future_listener(notified), owner(n) {}
            static void notified(future_listener& l, future_core* done);
            notice& owner;
        };
        future_reference<future_core> future_;
        void* owner_;
        function call_;
        own_listener listener_;
        enum class state { waiting, queued, delivered } state_ = state::waiting;
        bool forgotten_ = false;
    };

    notice* notice_;
};

}  // namespace weft::inline v0
