// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/operation.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/loop/timer_queue.hpp>

#include <exception>

namespace weft::inline v0 {

/// Tells of a descriptor in every turn in which it is ready, until it is destroyed. If there is no room to go on in (no
/// memory, say), it says so once and tries again every 100 ms: the descriptor's state is not lost meanwhile. If it cannot go
/// on at all, it tells of the descriptor a last time, and says so.
class lasting_poll : public poll_operation {
public:
    /// Begins. @throws std::system_error  the descriptor is none to be polled, or there is no room; std::bad_alloc
    lasting_poll(event_loop& loop, native_handle watched, short watched_events);
    lasting_poll(const lasting_poll&) = delete;
    lasting_poll& operator=(const lasting_poll&) = delete;

protected:
    ~lasting_poll();
    /// The descriptor is ready, or watched no longer: then this is the last call. May destroy this.
    virtual void on_ready() = 0;

private:
    /// How it went to go on.
    struct outcome {
        std::exception_ptr error;  ///< to be reported, if not null
        bool over = false;
    };
    static void completed(operation& op, const completion& c);
    outcome go_on() noexcept;
    outcome failed() noexcept;
    void try_again();
    void tell(const outcome& o, bool is_ready);

    event_loop& loop_;
    owned_timer<lasting_poll, &lasting_poll::try_again> retry_;
    bool said_ = false;  // that it tries again; until the descriptor is ready
};

}  // namespace weft::inline v0
