// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace weft::inline v0 {

/// Something that can be run by the loop: a task, a callback. The loop knows no more of it.
struct ready_node {
    ready_node* next = nullptr;
    void (*run)(ready_node&) = nullptr;
};

/// What is to run, first in, first out. Owns nothing.
class ready_queue {
public:
    bool empty() const noexcept { return head_ == nullptr; }

    void push(ready_node& node) noexcept {
        node.next = nullptr;
        if (head_) {
            last_->next = &node;
        } else {
            head_ = &node;
        }
        last_ = &node;
    }

    ready_node& pop() noexcept {
        ready_node& node = *head_;
        head_ = node.next;
        return node;
    }

    /// The end of the present batch: what is pushed from here on makes the next one. Precondition: not empty.
    const ready_node* last() const noexcept { return last_; }

private:
    ready_node* head_ = nullptr;
    ready_node* last_ = nullptr;  // meaningless while the queue is empty
};

}  // namespace weft::inline v0
