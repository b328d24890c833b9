// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/timer_queue.hpp>

#include <algorithm>
#include <bit>
#include <limits>

namespace weft::inline v0 {

void timer_queue::add(timer_node& timer, std::int64_t deadline) noexcept {
    timer.unlink();
    timer.deadline_ = deadline;
    place(timer);
}

void timer_queue::place(timer_node& timer) noexcept {
    const std::uint64_t tick = tick_of(timer.deadline_);
    if (tick <= tick_) return newly_due_.push_back(timer);
    const unsigned highest_bit = 63u ^ static_cast<unsigned>(std::countl_zero(tick ^ tick_));  // in which they differ
    const unsigned level = highest_bit / digit_bits;
    const unsigned index = static_cast<unsigned>(tick >> (level * digit_bits)) & (slots - 1);
    slot& s = wheel_[level][index];
    s.earliest = s.timers.empty() ? timer.deadline_ : std::min(s.earliest, timer.deadline_);
    s.timers.push_back(timer);
    occupied_[level][index / 64] |= std::uint64_t{1} << index % 64;
}

/// Places them in their order. They lie in memory at random, and each step to the next one is a cache miss: another walk,
/// from the back, has two under way at once, and the second half is at hand when it is wanted.
void timer_queue::place_all(intrusive_list<timer_node>& timers) noexcept {
    for (auto back = timers.end(); back != timers.begin() && --back != timers.begin();) {
        __builtin_prefetch(&*back);
        place(timers.pop_front());
    }
    while (!timers.empty()) place(timers.pop_front());
}

void timer_queue::order_due() noexcept {
    if (newly_due_.empty()) return;
    const auto earlier = [](const timer_node& a, const timer_node& b) { return a.deadline_ < b.deadline_; };
    newly_due_.sort(earlier);
    if (due_.empty()) return due_.splice_back(newly_due_);
    due_.merge(newly_due_, earlier);
}

/// The slot entered next: the first of the lowest level that has one. Slots emptied by cancelling are cleared on the way.
bool timer_queue::find_first(position& found) noexcept {
    for (int level = 0; level < levels; ++level) {
        for (int first = 0; first < slots; first += 64) {
            for (word& occupied = occupied_[level][first / 64]; occupied; occupied &= occupied - 1) {
                const int index = first + std::countr_zero(occupied);
                if (wheel_[level][index].timers.empty()) continue;
                found = {level, index};
                return true;
            }
        }
    }
    return false;
}

/// The first tick of a slot.
std::uint64_t timer_queue::tick_at(position p) const noexcept {
    const int low_bits = p.level * digit_bits;
    const std::uint64_t above = tick_ >> (low_bits + digit_bits) << (low_bits + digit_bits);
    return above | static_cast<std::uint64_t>(p.index) << low_bits;
}

std::int64_t timer_queue::next_deadline() noexcept {
    order_due();
    if (!due_.empty()) return due_.front().deadline_;
    position first;
    return find_first(first) ? wheel_[first.level][first.index].earliest : std::numeric_limits<std::int64_t>::max();
}

std::size_t timer_queue::size() noexcept {
    std::size_t count = 0;
    const auto add = [&](intrusive_list<timer_node>& timers) {
        for (auto t = timers.begin(); t != timers.end(); ++t) ++count;
    };
    add(due_);
    add(newly_due_);
    for (auto& level : wheel_) {
        for (slot& s : level) add(s.timers);
    }
    return count;
}

void timer_queue::advance(std::int64_t now) {
    const std::uint64_t target = tick_of(now);
    for (;;) {
        for (order_due(); !due_.empty() && due_.front().deadline_ <= now; order_due()) {
            timer_node& timer = due_.pop_front();
            timer.fire_(timer);
        }
        position first;
        if (!find_first(first) || tick_at(first) > target) {
            tick_ = std::max(tick_, target);
            return;
        }
        tick_ = tick_at(first);
        occupied_[first.level][first.index / 64] &= ~(std::uint64_t{1} << first.index % 64);
        intrusive_list<timer_node> entered;
        entered.splice_back(wheel_[first.level][first.index].timers);
        place_all(entered);
    }
}

}  // namespace weft::inline v0
