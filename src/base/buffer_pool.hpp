// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace weft::inline v0 {

/// A loop's free blocks for bytes on their way in and out. A connection has a block only while it has bytes; kept here
/// rather than by malloc, which would hand blocks of this size back to the kernel and fault them in again.
/// Not thread-safe: one loop's.
class buffer_pool {
public:
    static constexpr std::size_t smallest = 4096;

    buffer_pool() = default;
    buffer_pool(const buffer_pool&) = delete;
    buffer_pool& operator=(const buffer_pool&) = delete;
    ~buffer_pool() {
        for (list& l : lists_) {
            while (block* found = l.first) {
                l.first = found->next;
                std::free(found);
            }
        }
    }

    /// The size of the block that holds `bytes`.
    static std::size_t block_size(std::size_t bytes) noexcept {
        return bytes <= smallest ? smallest : std::bit_ceil(bytes);
    }

    /// @param size  a block_size()  @throws std::bad_alloc
    std::byte* allocate(std::size_t size) {
        if (const std::size_t i = index_of(size); i < classes && lists_[i].first) {
            block* const found = lists_[i].first;
            lists_[i].first = found->next;
            lists_[i].kept -= size;
            return reinterpret_cast<std::byte*>(found);
        }
        void* memory = std::malloc(size);
        if (!memory) throw std::bad_alloc();
        return static_cast<std::byte*>(memory);
    }

    void release(std::byte* memory, std::size_t size) noexcept {
        const std::size_t i = index_of(size);
        if (i >= classes || lists_[i].kept + size > kept_bytes) return std::free(memory);
        lists_[i].first = new (memory) block{lists_[i].first};
        lists_[i].kept += size;
    }

private:
    static constexpr std::size_t classes = 8;             // 4 KiB … 512 KiB
    static constexpr std::size_t kept_bytes = 4u << 20;  // per class
    struct block {
        block* next;
    };
    struct list {
        block* first = nullptr;
        std::size_t kept = 0;
    };
    static std::size_t index_of(std::size_t size) noexcept {
        return static_cast<std::size_t>(std::countr_zero(size) - std::countr_zero(smallest));
    }
    list lists_[classes];
};

}  // namespace weft::inline v0
