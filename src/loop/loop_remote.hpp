// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/loop/ready_queue.hpp>

#include <shared_mutex>

namespace weft::inline v0 {

class event_loop;

/// A loop as other threads hold it: it outlives the loop, and when that is closed, or gone, it says so.
///
/// Whoever posts holds the lock shared, so that posters do not wait for one another; closing holds it alone, and so knows
/// that nobody is in the loop's inbox any more. @thread any
class loop_remote {
public:
    explicit loop_remote(event_loop& loop) noexcept : loop_(&loop) {}
    loop_remote(const loop_remote&) = delete;
    loop_remote& operator=(const loop_remote&) = delete;

    /// Makes `node` ready on the loop's thread. It is run in any case: a loop that closes runs what is in its inbox, with
    /// is_closing() true. The caller holds this by a reference of its own: the node may be gone when post() returns.
    /// @return false if the loop is closed: the node stays the caller's
    bool post(ready_node& node) noexcept;

    /// The loop is closing: nothing is posted after this returns. On the loop's thread.
    void close() noexcept;

private:
    std::shared_mutex mutex_;
    event_loop* loop_;
};

}  // namespace weft::inline v0
