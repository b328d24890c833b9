// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/coro/immediate.hpp>
#include <weft/coro/task.hpp>
#include <weft/sync/condition.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

namespace weft::inline v0 {

/// A barrier was aborted, or reset while tasks waited at it. @see asyncio.BrokenBarrierError
class broken_barrier_error : public std::runtime_error {
public:
    explicit broken_barrier_error(const std::string& what) : std::runtime_error(what) {}
};

/// Where a fixed number of tasks wait for each other, again and again: when the last one comes, all of them go on. Those who
/// come before the last of them has left wait for the next round.
///
///     filling --the last one comes--> draining --the last one leaves--> filling
///        |                                |
///        +--reset() while some wait--> resetting --the last one leaves--> filling
///        +--abort()--> broken --reset()--> filling (resetting, while some are inside)
///
/// Also a context: `co_await with(b, [](std::size_t& index) -> task<> { … })` waits, then runs the body. When it is
/// destroyed, whoever waits at it gets an invalid_state_error.
/// @thread its loop's, the one where it was first waited at  @see asyncio.Barrier
class barrier {
public:
    /// @param parties  how many tasks wait for each other  @throws std::invalid_argument  it is less than 1
    explicit barrier(std::ptrdiff_t parties);
    barrier(const barrier&) = delete;
    barrier& operator=(const barrier&) = delete;
    ~barrier();

    /// Waits until as many tasks as there are parties do.
    /// @return awaited: a number less than parties(), for each of a round another one
    /// @throws awaited: broken_barrier_error, cancelled_error; invalid_state_error  it is bound to another loop, or was
    ///     destroyed
    /// @cancel it is one less who waits
    task<std::size_t> wait();

    /// Whoever waits gets a broken_barrier_error; then the barrier is as new.
    task<> reset();
    /// Whoever waits, and whoever comes until reset(), gets a broken_barrier_error.
    task<> abort();

    std::size_t parties() const noexcept { return parties_; }
    /// How many have come of the round that is not complete.
    std::size_t n_waiting() const noexcept { return state_ == state::filling ? inside_count_ : 0; }
    bool broken() const noexcept { return state_ == state::broken; }

    /// For with().
    task<std::size_t> enter() { return wait(); }
    immediate<> exit(const std::exception_ptr&) noexcept { return {}; }

private:
    enum class state : std::uint8_t { filling, draining, resetting, broken };
    class inside;

    void leave() noexcept;

    std::size_t parties_, inside_count_ = 0;
    state state_ = state::filling;
    intrusive_list<inside> inside_;  // outlives the condition, whose end makes them look
    condition changed_;
};

}  // namespace weft::inline v0
