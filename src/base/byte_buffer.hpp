// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace weft::inline v0 {

/// Bytes in one piece, up to nearly 2 GiB (largest): appended at the end, consumed at the front. Empty, it holds no memory.
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
        end_ += static_cast<std::uint32_t>(more.size());
    }

    bool can_hold(std::size_t more) const noexcept { return more <= largest - size(); }

    /// Makes room: what is appended next, up to `more` bytes, does not throw. @throws std::bad_alloc
    void reserve(std::size_t more) {
        if (capacity_ - end_ < more) make_room(more);
    }

    /// Where what comes next may be put without a copy; added() then says how much it was.
    std::span<std::byte> room() const noexcept { return {data_ + end_, capacity_ - end_}; }
    void added(std::size_t count) noexcept { end_ += static_cast<std::uint32_t>(count); }

    void consume(std::size_t count) noexcept {
        begin_ += static_cast<std::uint32_t>(count);
        if (begin_ == end_) clear();
    }

    void clear() noexcept {
        if (data_) pool_->release(data_, capacity_);
        data_ = nullptr;
        capacity_ = begin_ = end_ = 0;
    }

    /// Empties it, and keeps its memory.
    void rewind() noexcept { begin_ = end_ = 0; }

    /// A block with bytes that comes or goes whole.
    struct block {
        std::byte* data;
        std::size_t capacity, begin, end;  ///< capacity is a buffer_pool::block_size(); in between are the bytes
    };
    /// Gives its block away; it is empty then.
    block release() noexcept {
        return {std::exchange(data_, nullptr), std::exchange(capacity_, 0), std::exchange(begin_, 0),
                std::exchange(end_, 0)};
    }
    /// In place of what it had. The block is of the same pool.
    void adopt(const block& b) noexcept {
        clear();
        data_ = b.data;
        capacity_ = static_cast<std::uint32_t>(b.capacity);
        begin_ = static_cast<std::uint32_t>(b.begin);
        end_ = static_cast<std::uint32_t>(b.end);
    }
    bool has_memory() const noexcept { return data_ != nullptr; }

    void swap(byte_buffer& o) noexcept {
        std::swap(data_, o.data_);
        std::swap(capacity_, o.capacity_);
        std::swap(begin_, o.begin_);
        std::swap(end_, o.end_);
    }

    /// As much as one system call takes; see write(2).
    static constexpr std::size_t largest = 0x7ffff000;

private:
    void make_room(std::size_t more) {
        const std::size_t held = size();
        if (!can_hold(more)) throw std::bad_alloc();
        // Moving to the front is cheap once at least half of the block is free there: amortised O(1) a byte.
        if (held + more <= capacity_ && begin_ >= held) {
            std::memmove(data_, data_ + begin_, held);
        } else {
            const std::size_t size =
                buffer_pool::block_size(held + more > capacity_ ? held + more : 2 * std::size_t{capacity_});
            std::byte* const block = pool_->allocate(size);
            if (held) std::memcpy(block, data_ + begin_, held);
            if (data_) pool_->release(data_, capacity_);
            data_ = block;
            capacity_ = static_cast<std::uint32_t>(size);
        }
        begin_ = 0;
        end_ = static_cast<std::uint32_t>(held);
    }

    buffer_pool* pool_;
    std::byte* data_ = nullptr;
    std::uint32_t capacity_ = 0, begin_ = 0, end_ = 0;  // a connection has three of these
};

}  // namespace weft::inline v0
