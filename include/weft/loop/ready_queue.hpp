// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <utility>

namespace weft::inline v0 {

/// Something that can be run by the loop: a task, a callback. The loop knows no more of it.
struct ready_node {
    ready_node* next = nullptr;
    void (*run)(ready_node&) = nullptr;
};

class ready_batch;

/// What is to run, first in, first out. Owns nothing. Invariant: `tail_` is where the next one is linked.
class ready_queue {
public:
    ready_queue() noexcept = default;
    ready_queue(const ready_queue&) = delete;
    ready_queue& operator=(const ready_queue&) = delete;

    bool empty() const noexcept { return head_ == nullptr; }

    void push(ready_node& node) noexcept {
        node.next = nullptr;
        *tail_ = &node;
        tail_ = &node.next;
    }

    ready_node& pop() noexcept {
        ready_node& node = *head_;
        head_ = node.next;
        if (!head_) tail_ = &head_;
        return node;
    }

    /// With what is left of the batch that is being run. @cost a look at each
    std::size_t size() const noexcept;

private:
    friend class ready_batch;
    ready_node* head_ = nullptr;
    ready_node** tail_ = &head_;
    const ready_node* rest_ = nullptr;  // what is left of the batch that is being run
};

/// All that a queue held at one moment, to be run in order; what becomes ready from then on makes the next batch. What is
/// left when it goes comes first in the queue again.
class ready_batch {
public:
    explicit ready_batch(ready_queue& queue) noexcept
        : queue_(queue), next_(std::exchange(queue.head_, nullptr)), tail_(std::exchange(queue.tail_, &queue.head_)) {
        queue.rest_ = next_;
    }
    ready_batch(const ready_batch&) = delete;
    ready_batch& operator=(const ready_batch&) = delete;
    ~ready_batch() {
        queue_.rest_ = nullptr;
        if (!next_) return;
        *tail_ = queue_.head_;
        if (!queue_.head_) queue_.tail_ = tail_;
        queue_.head_ = next_;
    }

    /// @return null when all are taken
    ready_node* take() noexcept {
        ready_node* const node = next_;
        if (node) queue_.rest_ = next_ = node->next;
        return node;
    }

private:
    ready_queue& queue_;
    ready_node* next_;
    ready_node** tail_;
};

inline std::size_t ready_queue::size() const noexcept {
    std::size_t count = 0;
    for (const ready_node* first : {rest_, static_cast<const ready_node*>(head_)}) {
        for (const ready_node* node = first; node; node = node->next) ++count;
    }
    return count;
}

}  // namespace weft::inline v0
