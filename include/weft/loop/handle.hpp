// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/coro/frame_memory.hpp>
#include <weft/loop/context.hpp>
#include <weft/loop/ready_queue.hpp>
#include <weft/loop/timer_queue.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <utility>

namespace weft::inline v0 {

class event_loop;

/// A callback that the loop will run, now or when its timer fires, in a copy of the context in which it was scheduled.
/// Shared by the loop and the handles; the loop's thread only, but for the counter, which a handle of
/// call_soon_threadsafe may touch elsewhere.
class callback : public ready_node, public recycled {
public:
    callback(event_loop& loop, std::move_only_function<void()> call, std::optional<context> c);
    virtual ~callback() = default;

    bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
    virtual void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }

    void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void drop_reference() noexcept {
        // acquire and release: the last owner sees what the others did before it destroys
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

protected:
    event_loop& loop_;

private:
    static void run_once(ready_node& node);
    std::move_only_function<void()> call_;
    context_reference context_;  // null: an empty one
    std::atomic<unsigned> references_{1};
    std::atomic<bool> cancelled_{false};
};

/// A callback waiting for its time.
class timed_callback final : public callback {
public:
    timed_callback(event_loop& loop, std::move_only_function<void()> call, std::optional<context> c);
    void cancel() noexcept override;
    void start(nanos deadline) noexcept;
    nanos when() const noexcept { return when_; }

private:
    struct own_timer : timer_node {
        explicit own_timer(timed_callback& c) noexcept : timer_node(fire), owner(c) {}
        static void fire(timer_node& t);
        timed_callback& owner;
    };
    own_timer timer_;
    nanos when_ = 0;
};

/// What call_soon() gives: cancels the callback if it has not run. Dropping it leaves the callback scheduled.
/// @see asyncio.Handle
class handle {
public:
    handle() noexcept = default;
    explicit handle(callback& c) noexcept : callback_(&c) { c.add_reference(); }
    handle(const handle& o) noexcept : callback_(o.callback_) {
        if (callback_) callback_->add_reference();
    }
    handle(handle&& o) noexcept : callback_(std::exchange(o.callback_, nullptr)) {}
    handle& operator=(handle o) noexcept {
        std::swap(callback_, o.callback_);
        return *this;
    }
    ~handle() {
        if (callback_) callback_->drop_reference();
    }

    void cancel() const noexcept {
        if (callback_) callback_->cancel();
    }
    bool cancelled() const noexcept { return callback_ && callback_->cancelled(); }

protected:
    callback* callback_ = nullptr;
};

/// What call_later() and call_at() give. @see asyncio.TimerHandle
class timer_handle : public handle {
public:
    using handle::handle;
    clock::time_point when() const noexcept {
        return callback_ ? to_time_point(static_cast<timed_callback*>(callback_)->when()) : clock::time_point();
    }
};

}  // namespace weft::inline v0
