// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/frame_memory.hpp>

namespace weft::inline v0 {

constinit thread_local frame_cache this_thread_frames;

namespace {

/// How the bound of a class follows its use. Invariant: given_back <= growth.
struct bound {
    unsigned given_back = 0;  // blocks freed for want of room, and not wanted again so far
    unsigned growth =
        0;  // how many more the list may come to take: none before the thread's first block, nor at its end
};
constinit thread_local bound bounds[frame_cache::classes];

/// Frees what this thread has kept, when it ends.
struct cache_guard {
    ~cache_guard() {
        for (bound& b : bounds) b = {};
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
            const std::size_t size = frame_cache::size_of(i);
            this_thread_frames.free[i].room = static_cast<unsigned>(frame_cache::kept_bytes / size);
            bounds[i].growth = static_cast<unsigned>((frame_cache::most_kept_bytes - frame_cache::kept_bytes) / size);
        }
        guard.arm();  // its first use registers the destructor
    }
    // Always the whole size of the class: translation units built with and without sanitizers may trade blocks.
    const std::size_t size_class = frame_cache::class_of(bytes);
    const bool is_kept = size_class < frame_cache::classes;
    void* memory = std::malloc(is_kept ? frame_cache::size_of(size_class) : bytes);
    if (!memory) throw std::bad_alloc();
    if (is_kept && bounds[size_class].given_back > 0) {  // this one would have come from the list
        --bounds[size_class].given_back;
        --bounds[size_class].growth;
        ++this_thread_frames.free[size_class].room;
    }
    return memory;
}

void deallocate_frame_slowly(void* memory, std::size_t bytes) noexcept {
    const std::size_t size_class = frame_cache::class_of(bytes);
    if (size_class < frame_cache::classes && bounds[size_class].given_back < bounds[size_class].growth) {
        ++bounds[size_class].given_back;
    }
    std::free(memory);
}

}  // namespace weft::inline v0
