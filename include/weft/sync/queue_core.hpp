// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/sync/event.hpp>
#include <weft/sync/waiting_line.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace weft::inline v0 {

/// try_get() found nothing to take. @see asyncio.QueueEmpty
class queue_empty : public std::runtime_error {
public:
    explicit queue_empty(const std::string& what = "queue is empty") : std::runtime_error(what) {}
};

/// try_put() found no room. @see asyncio.QueueFull
class queue_full : public std::runtime_error {
public:
    explicit queue_full(const std::string& what = "queue is full") : std::runtime_error(what) {}
};

/// The queue takes nothing any more, or has nothing to give any more, since shutdown(). @see asyncio.QueueShutDown
class queue_shut_down : public std::runtime_error {
public:
    explicit queue_shut_down(const std::string& what = "queue is shut down") : std::runtime_error(what) {}
};

/// The part of a queue that does not depend on what is in it: how much that is, and who waits.
///
/// Whoever waits for an item, and whose turn has come, is promised one: it stays in the queue until that task runs, and
/// others can have what is beyond the promises. Likewise with free places. Invariants, but for those whose tasks have been
/// woken by something else:
///
///     somebody waits to get  =>  there are not more items than promises
///     somebody waits to put  =>  there are not more free places than promises
class queue_core : public loop_bound {
public:
    /// How many items are in the queue, those included that are promised to tasks that have been waiting for them.
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    /// There are maxsize() items in it, or more. Never so if that is 0.
    bool full() const noexcept { return maxsize_ > 0 && size_ >= maxsize_; }
    /// How many items it can have; 0: no limit.
    std::size_t maxsize() const noexcept { return maxsize_; }

    /// The work on an item that was got is done. @see join
    /// @throws invalid_state_error  it was called more often than items were put
    void task_done();

    /// Waits until task_done() has been called for each item that was put.
    /// @throws awaited: cancelled_error; invalid_state_error  it is bound to another loop, or the queue was destroyed
    /// @cost no allocation
    [[nodiscard("join() does nothing unless it is awaited")]] event::awaiter join() noexcept {
        return event::awaiter(finished_, join_kind_);
    }

protected:
    explicit queue_core(std::size_t maxsize);
    ~queue_core() = default;

    bool is_shut_down() const noexcept { return is_shut_down_; }
    /// It was shut down, and has nothing left, not even what is promised. Until then whoever waits goes on waiting: somebody
    /// to whom an item is promised may not come.
    bool is_drained() const noexcept { return is_shut_down_ && size_ == 0; }
    /// There is an item that is promised to nobody.
    bool can_get() const noexcept { return size_ > getters_.chosen(); }
    bool can_put() const noexcept { return maxsize_ == 0 || size_ + putters_.chosen() < maxsize_; }
    [[noreturn]] void refuse_put() const;
    [[noreturn]] void refuse_get() const;

    void was_put() noexcept {
        ++size_;
        if (unfinished_++ == 0) finished_.clear();
        promise_item();
    }
    void was_got() noexcept {
        --size_;
        if (is_drained()) [[unlikely]]
            getters_.serve_all();
        promise_place();
    }
    void promise_item() noexcept {
        if (can_get()) getters_.choose();
    }
    void promise_place() noexcept {
        if (can_put()) putters_.choose();
    }
    void shut_down(bool immediate) noexcept;

    static const wait_kind put_kind_, get_kind_;
    waiting_line getters_, putters_;

private:
    static const wait_kind join_kind_;

    std::size_t maxsize_, size_ = 0, unfinished_ = 0;
    bool is_shut_down_ = false;
    event finished_;
};

}  // namespace weft::inline v0
