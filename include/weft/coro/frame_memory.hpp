// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

// Memory for coroutine frames and other small short-lived objects: a free list per size class and thread, above malloc.
//
// A frame is freed more often than anything else in a coroutine program and nearly always replaced by one of the same
// size at once. Every block comes from malloc and knows no owner, so a frame may be destroyed on any thread: its block
// joins that thread's lists. Each list is bounded; what is beyond goes back to malloc. The bound follows use: it grows by
// each block that was given back to malloc and would have been wanted later. Cost when warm: about 2 ns.
//
// Under the address sanitizer nothing is kept, so that a use after free is seen.

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_KEEP_FRAMES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_KEEP_FRAMES 0
#endif
#endif
#ifndef WEFT_KEEP_FRAMES
#define WEFT_KEEP_FRAMES 1
#endif

namespace weft::inline v0 {

/// One thread's free blocks. Trivially destructible, so that a frame destroyed late in a thread's life still finds it;
/// what is left in it is freed by a guard at thread exit, after which it keeps nothing.
struct frame_cache {
    static constexpr std::size_t class_bytes = 16;
    static constexpr std::size_t classes = 64;  // blocks of 24, 40, … 1 032 bytes: malloc's own sizes, nothing wasted
    static constexpr std::size_t kept_bytes = 1u << 20;  // per class, to begin with
    static constexpr std::size_t most_kept_bytes = 1u << 27;  // per class, where that many are used again and again

    struct block {
        block* next;
    };
    struct list {
        block* first = nullptr;
        unsigned room = 0;  // how many more it takes: none before the thread's first block, nor at its end
    };
    list free[classes] = {};
    bool open = false;

    static constexpr std::size_t class_of(std::size_t bytes) noexcept {
        return bytes <= 24 ? 0 : (bytes - 9) / class_bytes;
    }
    static constexpr std::size_t size_of(std::size_t size_class) noexcept { return size_class * class_bytes + 24; }
};

extern constinit thread_local frame_cache this_thread_frames;

/// The slow paths: the list is empty or full, the thread is new or ending, or the block is large.
[[nodiscard]] void* allocate_frame_slowly(std::size_t bytes);
void deallocate_frame_slowly(void* memory, std::size_t bytes) noexcept;

/// @return memory aligned for any ordinary type  @throws std::bad_alloc  @thread any
[[nodiscard]] inline void* allocate_frame(std::size_t bytes) {
    if constexpr (WEFT_KEEP_FRAMES) {
        const std::size_t size_class = frame_cache::class_of(bytes);
        if (size_class < frame_cache::classes) [[likely]] {
            frame_cache::list& free = this_thread_frames.free[size_class];
            if (frame_cache::block* found = free.first) [[likely]] {
                free.first = found->next;
                ++free.room;
                return found;
            }
        }
    }
    return allocate_frame_slowly(bytes);
}

/// @param bytes  what allocate_frame was asked for  @thread any, also another than the allocating one
inline void deallocate_frame(void* memory, std::size_t bytes) noexcept {
    if constexpr (WEFT_KEEP_FRAMES) {
        const std::size_t size_class = frame_cache::class_of(bytes);
        if (size_class < frame_cache::classes) [[likely]] {
            frame_cache::list& free = this_thread_frames.free[size_class];
            if (free.room) [[likely]] {
                --free.room;
                free.first = ::new (memory) frame_cache::block(free.first);
                return;
            }
        }
    }
    deallocate_frame_slowly(memory, bytes);
}

/// Derive from this to have `new` and `delete` use the recycler.
struct recycled {
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { deallocate_frame(memory, bytes); }
};

}  // namespace weft::inline v0

#undef WEFT_KEEP_FRAMES
