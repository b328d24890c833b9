// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/sync/queue_core.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>

namespace weft::inline v0 {

/// What the queues have in common; `Items` says in which order the items come out.
///
/// Whoever waits is served in the order of coming, and a newcomer never goes first: neither one that waits nor try_get() and
/// try_put(), which fail when all that there is has been promised to tasks that waited and have not run yet. When a queue is
/// destroyed, whoever waits gets an invalid_state_error, and its items are destroyed.
/// @thread its loop's, the one where it was first waited for  @see asyncio.Queue
template <class Items>
class basic_queue : public queue_core {
public:
    using value_type = typename Items::value_type;
    class put_awaiter;
    class get_awaiter;

    /// Puts `value` in; waits while the queue is full.
    /// @throws awaited: queue_shut_down, cancelled_error; invalid_state_error  it is bound to another loop, or was destroyed
    /// @cancel nothing was put, and the value goes with the await  @cost no allocation, unless the queue must grow
    [[nodiscard("put() does nothing unless it is awaited")]] put_awaiter put(value_type value) {
        return put_awaiter(*this, std::move(value));
    }
    /// Takes an item out; waits while there is none.
    /// @throws awaited: queue_shut_down  there is nothing left; cancelled_error; invalid_state_error  as put()
    /// @cancel the item stays in its place, and goes to the next one who waits  @cost no allocation
    [[nodiscard("get() does nothing unless it is awaited")]] get_awaiter get() noexcept { return get_awaiter(*this); }

    /// Puts `value` in at once. It is left alone if that fails.
    /// @throws queue_full, queue_shut_down  @see asyncio.Queue.put_nowait
    template <class U = value_type>
        requires std::constructible_from<value_type, U>
    void try_put(U&& value) {
        check_caller("queue: try_put()");
        if (is_shut_down() || !can_put()) refuse_put();
        items_.push(std::forward<U>(value));
        was_put();
    }
    /// Takes an item out at once.
    /// @throws queue_empty, queue_shut_down  @see asyncio.Queue.get_nowait
    value_type try_get() {
        check_caller("queue: try_get()");
        if (!can_get()) refuse_get();
        value_type item = items_.pop();
        was_got();
        return item;
    }

    /// From now on nothing can be put, and when there is nothing left to get, whoever wants something gets a
    /// queue_shut_down, those who wait among them. May be called again.
    /// @param immediate  nothing is left from now on; the work on what is in the queue counts as done
    void shutdown(bool immediate = false) {
        check_caller("queue: shutdown()");
        std::optional<Items> dropped;  // destroyed last: what is in it may have something to do with this queue
        if (immediate) dropped.emplace(std::move(items_));
        shut_down(immediate);
    }

protected:
    explicit basic_queue(std::size_t maxsize, Items items = Items()) : queue_core(maxsize), items_(std::move(items)) {}
    ~basic_queue() = default;

private:
    Items items_;
};

/// Chosen: a place is promised to it; served: the queue was shut down.
template <class Items>
class basic_queue<Items>::put_awaiter : public line_waiter {
public:
    put_awaiter(basic_queue& q, value_type&& value)
        : line_waiter(put_kind_, q.putters_), queue_(&q), value_(std::move(value)) {}
    ~put_awaiter() {
        if (at() != stage::outside) abandon();
    }

    bool await_ready() {
        queue_->check_caller("queue: put()");
        if (queue_->is_shut_down()) {
            is_served_at_once();
            return true;
        }
        if (!queue_->can_put()) return false;
        is_chosen_at_once();
        return true;
    }
    void await_resume() {
        arrive();
        if (queue_->is_shut_down()) queue_->refuse_put();
        try {
            queue_->items_.push(std::move(value_));
        } catch (...) {
            abandon();  // now: what is awaited may outlive the await
            throw;
        }
        leave();
        queue_->was_put();
    }
    void abandon() noexcept {
        if (leave() == stage::chosen) queue_->promise_place();
    }
    friend weft::task<> to_task(put_awaiter&& a) { return putting(line_link(a), *a.queue_, std::move(a.value_)); }

private:
    static weft::task<> putting(line_link at, basic_queue& q, value_type value) {
        at.require();
        co_await q.put(std::move(value));
    }

    basic_queue* queue_;
    value_type value_;
};

/// Chosen: an item is promised to it; served: the queue was shut down, and has nothing left.
template <class Items>
class basic_queue<Items>::get_awaiter : public line_waiter {
public:
    explicit get_awaiter(basic_queue& q) noexcept : line_waiter(get_kind_, q.getters_), queue_(&q) {}
    ~get_awaiter() {
        if (at() != stage::outside) abandon();
    }

    bool await_ready() {
        queue_->check_caller("queue: get()");
        if (queue_->can_get()) {
            is_chosen_at_once();
            return true;
        }
        if (!queue_->is_drained()) return false;
        is_served_at_once();
        return true;
    }
    value_type await_resume() {
        arrive();
        if (queue_->empty()) queue_->refuse_get();  // it was shut down
        try {
            value_type item = queue_->items_.pop();
            leave();
            queue_->was_got();
            return item;
        } catch (...) {
            abandon();
            throw;
        }
    }
    void abandon() noexcept {
        if (leave() == stage::chosen) queue_->promise_item();
    }
    friend weft::task<value_type> to_task(get_awaiter&& a) { return getting(line_link(a), *a.queue_); }

private:
    static weft::task<value_type> getting(line_link at, basic_queue& q) {
        at.require();
        co_return co_await q.get();
    }

    basic_queue* queue_;
};

}  // namespace weft::inline v0
