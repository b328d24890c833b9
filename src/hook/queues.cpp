// SPDX-License-Identifier: Apache-2.0
#include "hook/queues.hpp"

#include "hook/spin_lock.hpp"

#include <pthread.h>

#include <cstdint>

namespace weft_hook {

namespace {

/// Invariant: `count` is how many are in line; it is changed under the lock, and read without.
struct queue : spin_lock {
    std::atomic<unsigned> count{0};
    queued* first = nullptr;
};

constinit queue queues[256];

queue& queue_of(const void* key) noexcept {
    const auto n = reinterpret_cast<std::uintptr_t>(key);
    return queues[(n >> 4 ^ n >> 12) % 256];
}

/// Takes the first out of line that waits for `key`. @return where to wake it, held; null: there is none
weft_hook_parking* take_first(queue& q, const void* key) noexcept {
    q.lock();
    weft_hook_parking* found = nullptr;
    for (queued** at = &q.first; *at; at = &(*at)->next) {
        queued& one = **at;
        if (one.key != key) continue;
        *at = one.next;
        one.in_line = false;
        q.count.fetch_sub(1);
        found = one.parking;
        offered.load()->hold(found);  // it may have gone by the time that it is woken
        break;
    }
    q.unlock();
    return found;
}

/// A forked child has none of the fibers that wait, and not the thread that perhaps held a lock.
void forget_all() noexcept {
    for (queue& q : queues) {
        q.first = nullptr;
        q.count.store(0);
        q.unlock();
    }
}
[[gnu::constructor]] void prepare_for_forks() { ::pthread_atfork(nullptr, nullptr, forget_all); }

}  // namespace

void join(queued& one, const void* key) noexcept {
    queue& q = queue_of(key);
    one.key = key;
    one.next = nullptr;
    one.in_line = true;
    q.lock();
    queued** at = &q.first;
    while (*at) at = &(*at)->next;
    *at = &one;
    // Sequentially consistent, with the look in wake_waiting(): who joins and then finds the mutex locked is seen by who unlocks it.
    q.count.fetch_add(1);
    q.unlock();
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

bool leave(queued& one) noexcept {
    queue& q = queue_of(one.key);
    q.lock();
    const bool was_in_line = one.in_line;
    for (queued** at = &q.first; was_in_line && *at; at = &(*at)->next) {
        if (*at != &one) continue;
        *at = one.next;
        one.in_line = false;
        q.count.fetch_sub(1);
        break;
    }
    q.unlock();
    return !was_in_line;
}

void wake_waiting(const void* key, bool all) noexcept {
    if (!offered.load(std::memory_order_relaxed)) return;
    queue& q = queue_of(key);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (q.count.load(std::memory_order_relaxed) == 0) [[likely]]
        return;
    const table* const t = offered.load();
    while (weft_hook_parking* const p = take_first(q, key)) {
        t->wake(p);
        t->let_go(p);
        if (!all) return;
    }
}

}  // namespace weft_hook
