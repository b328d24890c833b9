// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/socket.hpp"

#include <weft/base/clock.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/timer_queue.hpp>
#include <weft/loop/waiter.hpp>
#include <weft/net/connect_error.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// Where a connection may go, and how long that may take.
struct connect_plan {
    std::vector<socket_address> to;  // in the order in which they are tried; at least one
    std::vector<socket_address> from = {};  // empty: any; else those of the same family, the first that can be had
    nanos delay = never;  // after which the next is tried beside those that have not failed
    nanos deadline = never;
};

/// The same addresses with their families taking turns, beginning with the first one's. @see RFC 8305, section 4
std::vector<socket_address> interleave(const std::vector<socket_address>& addresses);

/// Suspends a task until the first of several addresses is connected, all have failed, or the time is up. An address is
/// tried as soon as the one before it has failed, or has had `delay`; the first to be connected ends the attempts at the
/// others and closes their sockets. @see RFC 8305, section 5
///
/// One await, whatever the number of addresses: the attempts are operations, not tasks.
class happy_eyeballs : public waiter {
public:
    happy_eyeballs(event_loop& loop, connect_plan plan);
    ~happy_eyeballs();

    bool await_ready() const noexcept { return false; }
    void start() noexcept;
    /// @return the connected socket; empty if there is none
    registered_socket await_resume() {
        this->resumed();
        return std::move(connected_);
    }

    bool timed_out() const noexcept { return timed_out_; }
    /// In the order of their failing.
    std::vector<connect_failure> failures() const;

private:
    struct attempt;
    struct failure {
        std::size_t to;
        const socket_address* from;  // which could not be bound to; null: it was not that
        int error;
    };
    static const wait_kind kind_;

    void try_next() noexcept;
    bool begin(std::size_t index) noexcept;
    void open(attempt& a, const socket_address*& from);
    void bind(const attempt& a, const socket_address*& from);
    void completed(attempt& a, int error) noexcept;
    void time_is_up() noexcept;
    void end() noexcept;
    void give_up() noexcept;

    event_loop& loop_;
    connect_plan plan_;
    std::vector<std::unique_ptr<attempt>> attempts_;  // those under way
    std::vector<failure> failures_;
    std::size_t next_ = 0;  // in plan_.to
    owned_timer<happy_eyeballs, &happy_eyeballs::try_next> next_timer_;
    owned_timer<happy_eyeballs, &happy_eyeballs::time_is_up> deadline_timer_;
    registered_socket connected_;
    bool timed_out_ = false;
};

}  // namespace weft::inline v0
