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
// a list of pages; in each page `registry_page::capacity` slots. Roots and pages are reused but never freed. A slot is
// valid while its generation is odd and unchanged before and after its other fields were read.
//
// One thread, the loop's, writes a root's slots; any thread or process may read them.

namespace weft::inline v0 {

class task_core;

enum class task_state_code : std::uint32_t { ready = 1, running = 2, waiting = 3 };

struct registry_slot {
    std::atomic<std::uint32_t> generation{0};  // odd: in use
    std::atomic<std::uint32_t> state{0};  // task_state_code
    std::atomic<void*> task{nullptr};  // task_core*; in a free slot, the next free slot
};

struct registry_page {
    static constexpr std::size_t capacity = 255;
    std::atomic<registry_page*> next{nullptr};
    registry_slot slots[capacity];
};

struct registry_root {
    std::atomic<registry_root*> next{nullptr};
    std::atomic<registry_page*> pages{nullptr};
    std::atomic<void*> loop{nullptr};  // event_loop*; null: this root is free
    std::atomic<std::uint64_t> thread{0};  // the kernel's id of the thread that runs the loop, 0 while none does
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
        free_ = static_cast<registry_slot*>(slot.task.load(std::memory_order_relaxed));
        slot.task.store(&task, std::memory_order_relaxed);
        slot.state.store(0, std::memory_order_relaxed);
        // publishes task and state to a reader that sees the odd generation
        slot.generation.store(slot.generation.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        ++size_;
        return slot;
    }

    void remove(registry_slot& slot) noexcept {
        // a reader that saw the task also sees this change before the slot is used again
        slot.generation.store(slot.generation.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        slot.task.store(free_, std::memory_order_release);
        free_ = &slot;
        --size_;
    }

    std::size_t size() const noexcept { return size_; }
    void runs_on_thread(std::uint64_t kernel_id) noexcept { root_->thread.store(kernel_id, std::memory_order_relaxed); }

    /// Calls `visit(task)` for each task; `visit` may remove that task.
    template <class Visit>
    void for_each(Visit visit) {
        for (registry_page* page = root_->pages.load(std::memory_order_relaxed); page;
             page = page->next.load(std::memory_order_relaxed)) {
            for (registry_slot& slot : page->slots) {
                if (slot.generation.load(std::memory_order_relaxed) & 1) {
                    visit(*static_cast<task_core*>(slot.task.load(std::memory_order_relaxed)));
                }
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
