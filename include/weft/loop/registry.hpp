// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

// The registry of tasks: which tasks a process has, readable from another process while this one runs, hangs or lies in
// a core file. Reading it is the work of `inspect`; this is the memory it reads.
//
// Layout, version 1 (all little-endian, 64 bit). An allocated ELF note, owner "weft", type 1, holds the distance from
// itself to `registry_head`. From there: a list of `registry_root`, one per loop that ever ran at the same time; of each
// a list of pages; in each page `registry_page::capacity` slots. Roots and pages are reused but never freed. A slot is one
// word, a pointer above a generation that is odd while the slot is in use: what was read of a task is its own if the word
// is the same afterwards. The task that runs is the root's `current`; of the others those in the ready queue say so, and
// the rest wait.
//
// One thread, the loop's, writes a root's slots; any thread or process may read them.

namespace weft::inline v0 {

class task_core;

struct registry_slot {
    /// Bits 16 to 63: the task_core*, or in a free slot the next free one. Bits 0 to 15: the generation.
    /// (User memory lies below 2^47 on x86-64, below 2^48 on aarch64, unless a program asks for more by name.)
    std::atomic<std::uint64_t> word{0};

    static bool is_used(std::uint64_t word) noexcept { return word & 1; }
    static void* pointer_in(std::uint64_t word) noexcept { return reinterpret_cast<void*>(word >> 16); }
    static std::uint16_t generation_in(std::uint64_t word) noexcept { return static_cast<std::uint16_t>(word); }
    static std::uint64_t word_of(const void* pointer, unsigned generation) noexcept {
        return reinterpret_cast<std::uint64_t>(pointer) << 16 | static_cast<std::uint16_t>(generation);
    }
};

struct registry_page {
    static constexpr std::size_t capacity = 511;
    std::atomic<registry_page*> next{nullptr};
    registry_slot slots[capacity];
};

struct registry_root {
    std::atomic<registry_root*> next{nullptr};
    std::atomic<registry_page*> pages{nullptr};
    std::atomic<void*> loop{nullptr};  // event_loop*; null: this root is free
    std::atomic<std::uint64_t> thread{0};  // the kernel's id of the thread that runs the loop, 0 while none does
    std::atomic<void*> current{nullptr};  // the task_core* that runs
};

struct registry_head {
    char magic[8] = {'w', 'e', 'f', 't', 'r', 'e', 'g', '\0'};
    std::uint32_t version = 1;
    std::uint32_t page_capacity = registry_page::capacity;
    std::uint32_t slot_bytes = sizeof(registry_slot);
    std::uint32_t reserved = 0;
    std::atomic<registry_root*> roots{nullptr};
};
/// The process's registry; the ELF note leads here.
extern "C" registry_head weft_registry_head_v1;

/// One loop's tasks. Adding and removing are O(1); after warm-up they allocate nothing.
class task_registry {
public:
    explicit task_registry(void* loop);
    task_registry(const task_registry&) = delete;
    task_registry& operator=(const task_registry&) = delete;
    ~task_registry();

    /// @throws std::bad_alloc
    registry_slot& add(task_core& task) {
        if (!free_) grow();
        registry_slot& slot = *free_;
        const std::uint64_t word = slot.word.load(std::memory_order_relaxed);
        free_ = static_cast<registry_slot*>(registry_slot::pointer_in(word));
        // release: publishes the task
        slot.word.store(registry_slot::word_of(&task, registry_slot::generation_in(word) + 1u),
                        std::memory_order_release);
        ++size_;
        return slot;
    }

    void remove(registry_slot& slot) noexcept {
        const std::uint64_t word = slot.word.load(std::memory_order_relaxed);
        slot.word.store(registry_slot::word_of(free_, registry_slot::generation_in(word) + 1u),
                        std::memory_order_release);
        free_ = &slot;
        --size_;
    }

    std::size_t size() const noexcept { return size_; }
    void runs_on_thread(std::uint64_t kernel_id) noexcept { root_->thread.store(kernel_id, std::memory_order_relaxed); }

    task_core* current() const noexcept {
        return static_cast<task_core*>(root_->current.load(std::memory_order_relaxed));
    }
    void set_current(task_core* task) noexcept { root_->current.store(task, std::memory_order_relaxed); }

    /// Calls `visit(task)` for each task; `visit` may remove that task.
    template <class Visit>
    void for_each(Visit visit) {
        for (registry_page* page = root_->pages.load(std::memory_order_relaxed); page;
             page = page->next.load(std::memory_order_relaxed)) {
            for (registry_slot& slot : page->slots) {
                const std::uint64_t word = slot.word.load(std::memory_order_relaxed);
                if (registry_slot::is_used(word)) visit(*static_cast<task_core*>(registry_slot::pointer_in(word)));
            }
        }
    }

private:
    void grow();
    void free_slots_of(registry_page& page) noexcept;

    registry_root* root_;
    registry_slot* free_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace weft::inline v0
