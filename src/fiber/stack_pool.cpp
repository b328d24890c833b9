// SPDX-License-Identifier: Apache-2.0
#include "fiber/stack_pool.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102  // Linux 6.13
#endif

namespace weft::inline v0 {

namespace {

constexpr unsigned most_places = 64;
constexpr std::size_t slab_bytes_aimed_at = std::size_t{64} << 20;

/// Whether the kernel has guard regions: known once it was asked for the first.
enum class guard_regions { unknown, there, missing };
constinit std::atomic<guard_regions> known_guard_regions{guard_regions::unknown};

std::size_t page_bytes() noexcept {
    static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
}

/// @throws std::system_error
void make_guard(std::byte* begin, std::size_t bytes) {
    const guard_regions known = known_guard_regions.load(std::memory_order_relaxed);
    if (known != guard_regions::missing) {
        if (::madvise(begin, bytes, MADV_GUARD_INSTALL) == 0) {
            if (known == guard_regions::there) return;
            // Emulators agree to advice that they do not know. A kernel cannot read a path out of a guard.
            if (::access(reinterpret_cast<const char*>(begin), F_OK) != 0 && errno == EFAULT) {
                known_guard_regions.store(guard_regions::there, std::memory_order_relaxed);
                return;
            }
        } else if (errno != EINVAL) {
            throw std::system_error(errno, std::system_category(), "make the guard of a fiber's stack");
        }
        known_guard_regions.store(guard_regions::missing, std::memory_order_relaxed);
    }
    if (::mprotect(begin, bytes, PROT_NONE) == 0) return;
    const int error = errno;
    throw std::system_error(
        error, std::system_category(),
        error == ENOMEM
            ? "make the guard of a fiber's stack: before Linux 6.13 that takes two mappings, of which a process may "
              "have vm.max_map_count (sysctl); or do without guards: fiber_options::guarded = false"
            : "make the guard of a fiber's stack");
}

}  // namespace

protected_guards::protected_guards() noexcept : had_regions_(has_guard_regions()) {
    known_guard_regions.store(guard_regions::missing, std::memory_order_relaxed);
}

protected_guards::~protected_guards() {
    known_guard_regions.store(had_regions_ ? guard_regions::there : guard_regions::unknown, std::memory_order_relaxed);
}

bool has_guard_regions() noexcept {
    return known_guard_regions.load(std::memory_order_relaxed) == guard_regions::there;
}

stack_pool::stack_pool(std::size_t bytes, bool guarded) noexcept : stack_bytes_(bytes), guarded_(guarded) {}

stack_pool::~stack_pool() {
    while (kept_stack* const last = kept_) {
        kept_ = last->next;
        empty_place(reinterpret_cast<std::byte*>(last + 1), *last->slab);
    }
}

std::size_t stack_pool::rounded(std::size_t bytes) {
    constexpr std::size_t absurd = std::size_t{1} << 46;
    if (bytes > absurd)
        throw std::system_error(ENOMEM, std::system_category(), "make a stack of " + std::to_string(bytes) + " bytes");
    const std::size_t page = page_bytes();
    return (std::max(bytes, fiber_stack::smallest) + page - 1) / page * page;
}

fiber_stack stack_pool::take() {
    if (!kept_) [[unlikely]]
        return take_fresh();
    kept_stack* const last = kept_;
    kept_ = last->next;
    --kept_count_;
    return fiber_stack(reinterpret_cast<std::byte*>(last + 1), *last->slab);
}

fiber_stack stack_pool::take_fresh() {
    stack_slab& slab = with_room_.empty() ? add_slab() : with_room_.front();
    unsigned place = slab.begun;
    if (slab.is_empty) {
        place = static_cast<unsigned>(std::countr_zero(slab.is_empty));
        slab.is_empty &= slab.is_empty - 1;
    } else {
        begin_place(slab);
    }
    if (!slab.is_empty && slab.begun == slab.places) slab.unlink();
    return fiber_stack(slab.top_of(place), slab);
}

void stack_pool::give_back(std::byte* top, stack_slab& slab) noexcept {
    if (kept_count_ >= most_kept) [[unlikely]]
        return empty_place(top, slab);
    kept_stack* const kept = reinterpret_cast<kept_stack*>(top) - 1;
    kept->next = kept_;
    kept->slab = &slab;
    kept_ = kept;
    ++kept_count_;
}

stack_slab& stack_pool::add_slab() {
    const std::size_t guard = guarded_ ? fiber_stack::guard_bytes : 0;
    // An odd number of pages: stacks that lie a power of two apart would share the same few lines of the caches.
    const std::size_t page = page_bytes();
    const std::size_t place = ((stack_bytes_ + guard) / page | 1) * page;
    const auto places = static_cast<unsigned>(std::clamp<std::size_t>(slab_bytes_aimed_at / place, 1, most_places));
    auto slab = std::make_unique<stack_slab>();
    void* const memory = ::mmap(nullptr, place * places, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        throw std::system_error(errno, std::system_category(),
                                "map " + std::to_string(place * places) + " bytes for the stacks of fibers");
    // Or the first byte used would commit two megabytes. Refused where there are no huge pages, which is as well.
    (void)::madvise(memory, place * places, MADV_NOHUGEPAGE);
    slab->pool = this;
    slab->memory = static_cast<std::byte*>(memory);
    slab->place_bytes = place;
    slab->stack_bytes = stack_bytes_;
    slab->guard_bytes = guard;
    slab->places = places;
    with_room_.push_front(*slab);
    return *slab.release();
}

void stack_pool::begin_place(stack_slab& slab) {
    if (guarded_) make_guard(slab.top_of(slab.begun) - slab.stack_bytes - slab.guard_bytes, slab.guard_bytes);
    ++slab.begun;
}

void stack_pool::empty_place(std::byte* top, stack_slab& slab) noexcept {
    (void)::madvise(top - slab.stack_bytes, slab.stack_bytes, MADV_DONTNEED);  // guards stay
    slab.is_empty |= std::uint64_t{1} << slab.place_of(top);
    if (static_cast<unsigned>(std::popcount(slab.is_empty)) < slab.begun) {
        if (!slab.is_linked()) with_room_.push_back(slab);
        return;
    }
    (void)::munmap(slab.memory, slab.place_bytes * slab.places);  // whole: cannot want for another mapping
    delete &slab;
}

}  // namespace weft::inline v0
