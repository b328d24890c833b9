// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fiber/descriptor_hub.hpp"
#include "loop/loop_remote.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/loop/timer_queue.hpp>
#include <weft/loop/waiter.hpp>

#include <poll.h>

#include <atomic>
#include <memory>
#include <span>

namespace weft::inline v0 {
class hook_wait;
}

/// Where a fiber that C code has called from can be woken, by any thread: also between two waits, and when it is gone.
struct weft_hook_parking : weft::ready_node {
    explicit weft_hook_parking(weft::event_loop& of);
    void hold() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
    void let_go() noexcept {
        if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    void wake() noexcept;

    weft::event_loop* const loop;
    const std::shared_ptr<weft::loop_remote> remote;
    weft::hook_wait* waiting = nullptr;  // the loop's thread's
    std::atomic<bool> woken{false};
    std::atomic<bool> posted{false};
    std::atomic<unsigned> references{1};
};

namespace weft::inline v0 {

/// Waits until a descriptor of several may be ready, somebody wakes it, or a time is over.
class hook_wait final : public waiter, private timer_node {
public:
    /// @param p  may be null  @param after  nanoseconds; -1: never
    hook_wait(weft_hook_parking* p, std::span<const pollfd> descriptors, nanos after);
    ~hook_wait() { abandon(); }

    bool await_ready() const noexcept { return false; }
    void start();
    void abandon() noexcept;
    /// @return as weft_hook_table::wait()
    int await_resume() {
        abandon();
        this->resumed();
        return result_;
    }
    void end(int result) noexcept {
        result_ = result;
        this->wake();
    }

private:
    static void fired(timer_node& t) { static_cast<hook_wait&>(t).end(0); }
    static bool cancel(waiter& w);
    static const wait_kind kind_;

    weft_hook_parking* const parking_;
    const std::span<const pollfd> descriptors_;
    const nanos after_;
    int result_ = 1;
    descriptor_hub* hub_ = nullptr;
    descriptor_wait one_;
    std::unique_ptr<descriptor_wait[]> several_;
};

}  // namespace weft::inline v0
