// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

// A timer wheel written by hand that does only the thing measured: deadlines to the millisecond, no order within one,
// nothing known of when the next is due.

namespace minimal {

struct timer {
    timer* next = this;
    timer* prev = this;
    std::int64_t deadline = 0;  // nanoseconds
    void (*fire)(timer&) = nullptr;

    void unlink() noexcept {
        prev->next = next;
        next->prev = prev;
    }
    void insert_before(timer& t) noexcept {
        next = &t;
        prev = t.prev;
        prev->next = this;
        t.prev = this;
    }
};

class timer_wheel {
public:
    explicit timer_wheel(std::int64_t now) noexcept : tick_(now >> tick_bits) {}

    void add(timer& t) noexcept {
        const std::int64_t tick = t.deadline >> tick_bits;
        const auto differs = static_cast<std::uint64_t>(tick ^ tick_);
        const int level = static_cast<int>(std::bit_width(differs | 1) - 1) / digit_bits;
        t.insert_before(wheel_[level][tick >> (level * digit_bits) & (slots - 1)]);
    }
    static void cancel(timer& t) noexcept { t.unlink(); }

    /// Fires what is due, tick by tick.
    void advance(std::int64_t now) {
        for (const std::int64_t target = now >> tick_bits; tick_ < target;) {
            ++tick_;
            for (int level = levels - 1; level > 0; --level) {
                if (tick_ & ((std::int64_t{1} << (level * digit_bits)) - 1)) continue;
                take(wheel_[level][tick_ >> (level * digit_bits) & (slots - 1)], [this](timer& t) { add(t); });
            }
            take(wheel_[0][tick_ & (slots - 1)], [](timer& t) { t.fire(t); });
        }
    }

private:
    static constexpr int tick_bits = 20;
    static constexpr int digit_bits = 8;
    static constexpr int slots = 1 << digit_bits;
    static constexpr int levels = 4;

    /// Empties a slot; `then` may put a timer into another one.
    template <class Then>
    static void take(timer& slot, Then then) {
        if (slot.next == &slot) return;
        timer* t = slot.next;
        slot.prev->next = nullptr;
        slot.next = slot.prev = &slot;
        while (t) {
            timer* const next = t->next;
            then(*t);
            t = next;
        }
    }

    std::int64_t tick_;
    timer wheel_[levels][slots];
};

}  // namespace minimal
