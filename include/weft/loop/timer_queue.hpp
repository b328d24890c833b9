// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>

#include <cstddef>
#include <cstdint>

namespace weft::inline v0 {

/// A timer inside its owner. Unlinking it (or destroying it) cancels it.
class timer_node : public list_node {
public:
    using fire_function = void (*)(timer_node&);
    explicit timer_node(fire_function fire) noexcept : fire_(fire) {}

    bool is_pending() const noexcept { return is_linked(); }
    std::int64_t deadline() const noexcept { return deadline_; }

protected:
    /// `deadline` is the owner's to use until the timer is added.
    timer_node(fire_function fire, std::int64_t deadline) noexcept : deadline_(deadline), fire_(fire) {}

    std::int64_t deadline_ = 0;

private:
    friend class timer_queue;
    fire_function fire_;
};

/// The same that, when its time has come, calls `on_time` of its owner:
///
///     owned_timer<child_core, &child_core::reap_or_go_on> retry_{*this};
template <class Owner, void (Owner::*on_time)()>
class owned_timer : public timer_node {
public:
    explicit owned_timer(Owner& o) noexcept : timer_node(fired), owner_(o) {}

private:
    static void fired(timer_node& t) { (static_cast<owned_timer&>(t).owner_.*on_time)(); }
    Owner& owner_;
};

/// Timers by deadline, in nanoseconds. Fires in the exact order of deadlines, those of equal deadline in the order in
/// which they were added. Adding and cancelling are O(1), firing is O(1) amortised.
///
/// A hierarchical wheel: a timer waits in the slot of the highest base-256 digit in which its tick differs from the
/// present one and moves down a level whenever time enters its slot; when it enters the slot's last level, the timers of
/// that tick are put in exact order.
///
/// Invariants: `due_` and `newly_due_` hold the timers of ticks up to `tick_`: the first in firing order, the second as
/// they came, to be put in order when somebody asks. Every other timer's tick is later than `tick_`, equals it in all
/// digits above its level and exceeds it in that of its level.
class timer_queue {
public:
    explicit timer_queue(std::int64_t now) noexcept : tick_(tick_of(now)) {}

    void add(timer_node& timer, std::int64_t deadline) noexcept;
    static void cancel(timer_node& timer) noexcept { timer.unlink(); }

    /// No timer fires before this; exact unless the earliest timer was cancelled. INT64_MAX when there is none.
    std::int64_t next_deadline() noexcept;

    /// How many there are. @cost a look at each
    std::size_t size() noexcept;

    /// Fires every timer whose deadline is not later than `now`. What is added meanwhile and due fires too.
    void advance(std::int64_t now);

private:
    static constexpr int tick_bits = 14;  // one tick is 16.4 µs: deadlines stay exact, only the sorting starts there
    static constexpr int digit_bits = 8;
    static constexpr int slots = 1 << digit_bits;
    static constexpr int levels = (63 - tick_bits + digit_bits - 1) / digit_bits;

    struct slot {
        intrusive_list<timer_node> timers;
        std::int64_t earliest;  // of all that entered since the slot was empty
    };
    struct position {
        int level, index;
    };

    static std::uint64_t tick_of(std::int64_t when) noexcept {
        return when <= 0 ? 0 : static_cast<std::uint64_t>(when) >> tick_bits;
    }
    bool find_first(position& found) noexcept;
    std::uint64_t tick_at(position p) const noexcept;
    void place(timer_node& timer) noexcept;
    void place_all(intrusive_list<timer_node>& timers) noexcept;
    void order_due() noexcept;

    intrusive_list<timer_node> due_;
    intrusive_list<timer_node> newly_due_;
    std::uint64_t tick_;
    using word = std::uint64_t;
    word occupied_[levels][slots / 64] = {};  // bit i of them: slot i may hold timers
    slot wheel_[levels][slots];
};

}  // namespace weft::inline v0
