// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer_pool.hpp"

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace weft::inline v0 {

/// Bytes in one piece: appended at the end, consumed at the front. Empty, it holds no memory.
class byte_buffer {
public:
    explicit byte_buffer(buffer_pool& pool) noexcept : pool_(&pool) {}
    byte_buffer(const byte_buffer&) = delete;
    byte_buffer& operator=(const byte_buffer&) = delete;
    ~byte_buffer() { clear(); }

    std::size_t size() const noexcept { return end_ - begin_; }
    bool empty() const noexcept { return begin_ == end_; }
    std::span<const std::byte> bytes() const noexcept { return {data_ + begin_, size()}; }
    std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data_) + begin_, size()}; }

    /// @throws std::bad_alloc  nothing was appended
    void append(std::span<const std::byte> more) {
        if (more.empty()) return;  // perhaps from nowhere: memcpy wants an address
        if (capacity_ - end_ < more.size()) make_room(more.size());
        std::memcpy(data_ + end_, more.data(), more.size());
        end_ += more.size();
    }

    /// Makes room: what is appended next, up to `more` bytes, does not throw. @throws std::bad_alloc
    void reserve(std::size_t more) {
        if (capacity_ - end_ < more) make_room(more);
    }

    /// Where what is appended next will be, as far as there is room.
    std::span<std::byte> spare() noexcept { return {data_ + end_, capacity_ - end_}; }
    /// The first `count` bytes there have been written.
    void extend(std::size_t count) noexcept {
        end_ += count;
        if (begin_ == end_) clear();
    }

    void consume(std::size_t count) noexcept {
        begin_ += count;
        if (begin_ == end_) clear();
    }

    void clear() noexcept {
        if (data_) pool_->release(data_, capacity_);
        data_ = nullptr;
        capacity_ = begin_ = end_ = 0;
    }

    void swap(byte_buffer& o) noexcept {
        std::swap(data_, o.data_);
        std::swap(capacity_, o.capacity_);
        std::swap(begin_, o.begin_);
        std::swap(end_, o.end_);
    }

private:
    void make_room(std::size_t more) {
        const std::size_t held = size();
        // Moving to the front is cheap once at least half of the block is free there: amortised O(1) a byte.
        if (held + more <= capacity_ && begin_ >= held) {
            std::memmove(data_, data_ + begin_, held);
        } else {
            const std::size_t size = buffer_pool::block_size(held + more > capacity_ ? held + more : 2 * capacity_);
            std::byte* const block = pool_->allocate(size);
            if (held) std::memcpy(block, data_ + begin_, held);
            if (data_) pool_->release(data_, capacity_);
            data_ = block;
            capacity_ = size;
        }
        begin_ = 0;
        end_ = held;
    }

    buffer_pool* pool_;
    std::byte* data_ = nullptr;
    std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace weft::inline v0
