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
/// Shared by the loop and the handles. The loop's thread only, unless it was made for any: the counter is atomic then.
class callback : public ready_node, public recycled {
public:
    callback(event_loop& loop, std::optional<context> c, bool any_thread = false);
    virtual ~callback() = default;

    bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
    virtual void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }

    void add_reference() noexcept {
        if (any_thread_) {
            std::atomic_ref(references_).fetch_add(1, std::memory_order_relaxed);
        } else {
            ++references_;
        }
    }
    void drop_reference() noexcept {
        // acquire and release: the last owner sees what the others did before it destroys
        const unsigned left =
            any_thread_ ? std::atomic_ref(references_).fetch_sub(1, std::memory_order_acq_rel) - 1 : --references_;
        if (left == 0) delete this;
    }

protected:
    virtual void call() = 0;
    /// Destroys what is called, and what it captured: it will not be called again.
    virtual void forget() noexcept = 0;

    event_loop& loop_;

private:
    static void run_once(ready_node& node);
    context_reference context_;  // null: an empty one
    unsigned references_ = 1;
    std::atomic<bool> cancelled_{false};
    const bool any_thread_;
};

/// A callback waiting for its time.
class timed_callback : public callback, private timer_node {
public:
    timed_callback(event_loop& loop, std::optional<context> c) : callback(loop, std::move(c)), timer_node(fired) {}
    void cancel() noexcept override;
    void start(nanos deadline) noexcept;
    nanos when() const noexcept { return timer_node::deadline(); }

private:
    static void fired(timer_node& t);
};

/// A callback, or a timed one, with what it calls.
template <class Callback, class F>
class callback_to final : public Callback {
public:
    template <class... Args>
    explicit callback_to(F f, Args&&... args) : Callback(std::forward<Args>(args)...), call_(std::move(f)) {}

private:
    void call() override { static_cast<void>((*call_)()); }
    void forget() noexcept override { call_.reset(); }
    std::optional<F> call_;  // until forgotten
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
