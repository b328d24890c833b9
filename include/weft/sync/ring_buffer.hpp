// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace weft::inline v0 {

/// Items in the order in which they were put in; the memory grows as it must and is kept. Not thread-safe.
///
/// Invariant: the items are at `first_ .. first_ + size_ - 1`, modulo the capacity, which is 0 or a power of two.
template <class T>
class ring_buffer {
public:
    using value_type = T;

    ring_buffer() noexcept = default;
    ring_buffer(ring_buffer&& other) noexcept { swap(other); }
    ring_buffer& operator=(ring_buffer&& other) noexcept {
        ring_buffer(std::move(other)).swap(*this);
        return *this;
    }
    ~ring_buffer() {
        while (size_ > 0) drop_front();
        if (items_) std::allocator<T>().deallocate(items_, capacity_);
    }

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }

    /// Strong guarantee, but for what is moved if T's move may throw.
    template <class... U>
    void push(U&&... value) {
        if (size_ == capacity_) [[unlikely]]
            return push_and_grow(std::forward<U>(value)...);
        std::construct_at(&at(size_), std::forward<U>(value)...);
        ++size_;
    }
    /// The first item. Precondition: not empty.
    T& front() noexcept { return at(0); }
    /// Destroys the first item. Precondition: not empty.
    void drop_front() noexcept {
        std::destroy_at(&at(0));
        ++first_;
        --size_;
    }
    /// Precondition: not empty. Strong guarantee.
    T pop() {
        T item(std::move(front()));
        drop_front();
        return item;
    }

private:
    T& at(std::size_t i) const noexcept { return items_[(first_ + i) & (capacity_ - 1)]; }

    void swap(ring_buffer& other) noexcept {
        std::swap(items_, other.items_);
        std::swap(capacity_, other.capacity_);
        std::swap(first_, other.first_);
        std::swap(size_, other.size_);
    }
    template <class... U>
    void push_and_grow(U&&... value) {
        ring_buffer larger;
        const std::size_t capacity = capacity_ ? 2 * capacity_ : 4;
        larger.items_ = std::allocator<T>().allocate(capacity);
        larger.capacity_ = capacity;
        // The new one first: it may be a reference to one of the others.
        T* const added = std::construct_at(larger.items_ + size_, std::forward<U>(value)...);
        try {
            for (; larger.size_ < size_; ++larger.size_) {
                std::construct_at(larger.items_ + larger.size_, std::move_if_noexcept(at(larger.size_)));
            }
        } catch (...) {
            std::destroy_at(added);
            throw;
        }
        ++larger.size_;
        swap(larger);
    }

    T* items_ = nullptr;
    std::size_t capacity_ = 0, first_ = 0, size_ = 0;
};

}  // namespace weft::inline v0
