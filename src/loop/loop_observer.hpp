// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>

namespace weft::inline v0 {

struct completion;
struct operation;
class task_core;

/// Is told what one loop does, on the loop's thread. It may look at what it is given, but make nothing ready, and may
/// come and go at any time: what ends then may not have been seen to begin. A loop without one pays two looks at
/// a pointer for a turn, one for an operation, and none for a step or a wake-up, which look at a flag in any case.
class loop_observer {
public:
    loop_observer() = default;
    loop_observer(const loop_observer&) = delete;
    loop_observer& operator=(const loop_observer&) = delete;

    /// The loop waits for the kernel from now on.
    virtual void waits() noexcept = 0;
    /// It has waited until `now`, and begins a turn.
    virtual void waited(nanos now) noexcept = 0;
    /// It has run `steps` tasks and callbacks in this turn.
    virtual void turned(int steps) noexcept = 0;

    /// @param task  null for a callback
    virtual void step_begins(task_core* task) noexcept = 0;
    virtual void step_ended() noexcept = 0;
    /// Its first step was run within its creator's.
    virtual void started_eagerly(const task_core& task) noexcept = 0;
    /// The task was suspended, or is new, and is ready now.
    virtual void woken(const task_core& task, bool by_another_thread) noexcept = 0;

    virtual void submitted(const operation& op) noexcept = 0;
    virtual void completed(const operation& op, const completion& c) noexcept = 0;
    virtual void cancelled(const operation& op) noexcept = 0;

protected:
    ~loop_observer() = default;
};

}  // namespace weft::inline v0
