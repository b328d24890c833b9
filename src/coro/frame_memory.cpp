// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/frame_memory.hpp>

namespace weft::inline v0 {

constinit thread_local frame_cache this_thread_frames;

namespace {

/// Frees what this thread has kept, when it ends.
struct cache_guard {
    ~cache_guard() {
        for (frame_cache::list& free : this_thread_frames.free) {
            while (frame_cache::block* found = free.first) {
                free.first = found->next;
                std::free(found);
            }
            free.room = 0;
        }
    }
    void arm() noexcept {}
};
thread_local cache_guard guard;

}  // namespace

void* allocate_frame_slowly(std::size_t bytes) {
    if (!this_thread_frames.open) {
        this_thread_frames.open = true;
        for (std::size_t i = 0; i < frame_cache::classes; ++i) {
            this_thread_frames.free[i].room = static_cast<unsigned>(frame_cache::kept_bytes / frame_cache::size_of(i));
        }
        guard.arm();  // its first use registers the destructor
    }
    // Always the whole size of the class: translation units built with and without sanitizers may trade blocks.
    const std::size_t size_class = frame_cache::class_of(bytes);
    void* memory = std::malloc(size_class < frame_cache::classes ? frame_cache::size_of(size_class) : bytes);
    if (!memory) throw std::bad_alloc();
    return memory;
}

void deallocate_frame_slowly(void* memory, std::size_t) noexcept { std::free(memory); }

}  // namespace weft::inline v0
