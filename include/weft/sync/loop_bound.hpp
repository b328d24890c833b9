// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/loop/loop_resource.hpp>

namespace weft::inline v0 {

class event_loop;

/// What lock, event, queue and the like have in common: the first wait binds them to its loop, and nowhere else can they be
/// waited for, not even when that loop is closed. In debug mode the other calls are held to the loop's thread, too, while
/// it runs. When one is destroyed, whoever waits for it gets an invalid_state_error, and so does a task that is to, but has
/// not begun. Only what was called and neither awaited nor made a task, as by `auto w = l.acquire();`, must not outlive it; nor,
/// before it has begun, a condition's wait() and what a barrier does, which may be made on any thread.
/// @see asyncio.mixins._LoopBoundMixin
class loop_bound {
public:
    loop_bound(const loop_bound&) = delete;
    loop_bound& operator=(const loop_bound&) = delete;

    /// Somebody waits for this on `loop`. @return false if it is bound to a different one
    bool bind(event_loop& loop) noexcept {
        if (!bond_.is_made) [[unlikely]]
            make_bond(loop);
        return bond_.loop == &loop;
    }

protected:
    loop_bound() noexcept = default;
    ~loop_bound() = default;

    /// @param what  the call, as in "lock: release()"
    /// @throws invalid_state_error  in debug mode: the loop that this is bound to runs, and this is not its thread
    void check_caller(const char* what) const {
        if (bond_.checks_callers) [[unlikely]]
            check_thread(what);
    }

private:
    friend class line_link;
    struct bond final : loop_resource {
        void loop_closes() noexcept override {
            loop = nullptr;
            checks_callers = false;
        }
        event_loop* loop = nullptr;  // null before, and when the loop is closed
        bool is_made = false, checks_callers = false;
    };
    void make_bond(event_loop& loop) noexcept;
    void check_thread(const char* what) const;

    bond bond_;
};

}  // namespace weft::inline v0
