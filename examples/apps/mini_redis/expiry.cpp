// SPDX-License-Identifier: Apache-2.0
#include "expiry.hpp"

namespace mini_redis {

void expiry_queue::set(item& it, moment deadline) {
    if (deadline == never) return set_never(it);
    if (it.second.deadline == never) {
        heap_.push_back(&it);
        it.second.expiry_slot = heap_.size() - 1;
    }
    it.second.deadline = deadline;
    sift_up(&it, it.second.expiry_slot);
    sift_down(&it, it.second.expiry_slot);
}

void expiry_queue::set_never(item& it) noexcept {
    if (it.second.deadline == never) return;
    it.second.deadline = never;
    const std::size_t slot = it.second.expiry_slot;
    item* last = heap_.back();
    heap_.pop_back();
    if (last == &it) return;
    sift_up(last, slot);
    sift_down(last, last->second.expiry_slot);
}

void expiry_queue::place(item* it, std::size_t slot) noexcept {
    heap_[slot] = it;
    it->second.expiry_slot = slot;
}

void expiry_queue::sift_up(item* it, std::size_t slot) noexcept {
    while (slot > 0) {
        const std::size_t parent = (slot - 1) / 2;
        if (heap_[parent]->second.deadline <= it->second.deadline) break;
        place(heap_[parent], slot);
        slot = parent;
    }
    place(it, slot);
}

void expiry_queue::sift_down(item* it, std::size_t slot) noexcept {
    for (;;) {
        std::size_t child = 2 * slot + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && heap_[child + 1]->second.deadline < heap_[child]->second.deadline) ++child;
        if (it->second.deadline <= heap_[child]->second.deadline) break;
        place(heap_[child], slot);
        slot = child;
    }
    place(it, slot);
}

}  // namespace mini_redis
