// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "value.hpp"

#include <cstddef>
#include <vector>

namespace mini_redis {

/// The items that have a deadline, earliest first: a binary heap in which every item knows its place. So a key whose
/// deadline moves takes one slot however often it does, and one timer (for the earliest) serves them all.
class expiry_queue {
public:
    bool empty() const noexcept { return heap_.empty(); }
    std::size_t size() const noexcept { return heap_.size(); }
    moment earliest() const noexcept { return heap_.empty() ? never : heap_.front()->second.deadline; }
    item& first() const noexcept { return *heap_.front(); }

    /// Gives the item a deadline, moves the one it has, or takes it away (never).
    void set(item& it, moment deadline);
    void remove(item& it) noexcept { set_never(it); }
    void clear() noexcept { heap_.clear(); }

private:
    void set_never(item& it) noexcept;
    void place(item* it, std::size_t slot) noexcept;
    void sift_up(item* it, std::size_t slot) noexcept;
    void sift_down(item* it, std::size_t slot) noexcept;

    // heap_[i] is not later than heap_[2i + 1] and heap_[2i + 2]; heap_[i]->second.expiry_slot == i.
    std::vector<item*> heap_;
};

}  // namespace mini_redis
