// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/fiber/fiber_stack.hpp>

#include <cstdint>

namespace weft::inline v0 {

class stack_pool;

/// A mapping with places for up to 64 stacks of one size, from the lowest on; each has its guard below it.
/// Invariant: in its pool's list of those with room if `is_empty` is not 0 or `begun` is less than `places`.
struct stack_slab : list_node {
    stack_pool* pool;
    std::byte* memory;
    std::size_t place_bytes;  // of a stack and its guard
    std::size_t stack_bytes;
    std::size_t guard_bytes;  // 0: it has none
    unsigned places;
    unsigned begun = 0;  // so many have a guard
    std::uint64_t is_empty = 0;  // a bit for each of these whose memory was given back

    std::byte* top_of(unsigned place) const noexcept { return memory + (place + 1) * place_bytes; }
    unsigned place_of(const std::byte* top) const noexcept {
        return static_cast<unsigned>(static_cast<std::size_t>(top - memory) / place_bytes - 1);
    }
};

/// One thread's stacks of one size. Those that come back are kept as they are, the last to be the next; those beyond
/// `most_kept` give back their memory, and slabs without a used place their addresses.
class stack_pool {
public:
    static constexpr unsigned most_kept = 1024;

    /// @param bytes  of a stack, in whole pages
    stack_pool(std::size_t bytes, bool guarded) noexcept;
    stack_pool(const stack_pool&) = delete;
    stack_pool& operator=(const stack_pool&) = delete;
    /// Precondition: none is in use.
    ~stack_pool();

    std::size_t stack_bytes() const noexcept { return stack_bytes_; }
    bool is_guarded() const noexcept { return guarded_; }

    /// @throws std::system_error (not_enough_memory), std::bad_alloc
    fiber_stack take();
    void give_back(std::byte* top, stack_slab& slab) noexcept;

    /// What is asked for, as the pool has it. @throws std::system_error (not_enough_memory)  it is absurd
    static std::size_t rounded(std::size_t bytes);

private:
    /// In the last bytes of a stack that is kept, which are there already.
    struct kept_stack {
        kept_stack* next;
        stack_slab* slab;
    };

    fiber_stack take_fresh();
    stack_slab& add_slab();
    void begin_place(stack_slab& slab);
    void empty_place(std::byte* top, stack_slab& slab) noexcept;

    const std::size_t stack_bytes_;
    const bool guarded_;
    unsigned kept_count_ = 0;
    kept_stack* kept_ = nullptr;
    intrusive_list<stack_slab> with_room_;
};

/// While it lives, guards are made by mprotect(2), as on a Linux before 6.13: for tests.
class protected_guards {
public:
    protected_guards() noexcept;
    protected_guards(const protected_guards&) = delete;
    protected_guards& operator=(const protected_guards&) = delete;
    ~protected_guards();

private:
    const bool had_regions_;
};

/// Whether guards cost no mappings. Known once there was a guarded stack.
bool has_guard_regions() noexcept;

}  // namespace weft::inline v0
