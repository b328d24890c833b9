// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

namespace weft::inline v0 {

struct stack_slab;

/// Memory for the stack of a fiber, out of this thread's pool: reserved at once, committed as it is used, and below it
/// memory that cannot be touched. Goes back to the pool with this object. Empty when default-constructed or moved from.
/// @thread the one that made it
class fiber_stack {
public:
    /// What lies below a guarded stack; a frame larger than that may jump over it.
    static constexpr std::size_t guard_bytes = 64 * 1024;
    static constexpr std::size_t smallest = 16 * 1024;

    fiber_stack() noexcept = default;
    /// @param bytes    rounded up to whole pages, and to `smallest`
    /// @param guarded  false: an overflow is not noticed, and destroys what lies below
    /// @throws std::system_error (not_enough_memory), std::bad_alloc
    explicit fiber_stack(std::size_t bytes, bool guarded = true);
    fiber_stack(fiber_stack&& other) noexcept
        : top_(std::exchange(other.top_, nullptr)), slab_(std::exchange(other.slab_, nullptr)) {}
    fiber_stack& operator=(fiber_stack&& other) noexcept {
        std::swap(top_, other.top_);
        std::swap(slab_, other.slab_);
        return *this;
    }
    ~fiber_stack() {
        if (top_) give_back();
    }

    explicit operator bool() const noexcept { return top_ != nullptr; }

    /// Behind its last byte, where it begins to be used. Page-aligned.
    std::byte* top() const noexcept { return top_; }
    std::byte* bottom() const noexcept { return top_ ? top_ - bytes() : nullptr; }
    std::size_t bytes() const noexcept;

    /// Whether `address` lies in the guard below it. Safe in a signal handler.
    bool guards(const void* address) const noexcept;

    /// How much of it was in use at most, by its earlier users too, since its memory came from the kernel. Exact, but for what
    /// was only zeros and for what the kernel has moved to swap; touches no page that is not there.
    /// @cost a system call, a look at a byte per page, and at the bytes of one page
    std::size_t high_water_bytes() const;

private:
    friend class stack_pool;
    fiber_stack(std::byte* top, stack_slab& slab) noexcept : top_(top), slab_(&slab) {}
    void give_back() noexcept;

    std::byte* top_ = nullptr;
    stack_slab* slab_ = nullptr;
};

}  // namespace weft::inline v0
