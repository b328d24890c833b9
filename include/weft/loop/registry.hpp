// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

// The registry of tasks: which tasks a process has, and where they stand, readable from another process while this one
// runs, hangs or lies in a core file. Reading it is the work of `inspect`; this is the memory it reads.
//
// Layout, version 2 (all little-endian, 64 bit). An allocated ELF note, owner "weft", type 1, holds the distance from
// itself to `registry_head`. From there: a list of `registry_root`, one per loop that ever ran at the same time; of each
// a list of pages; in each page `page_capacity` slots, and beside them who created the tasks in them. Roots and pages are
// reused but never freed. A slot is one word, a pointer above a generation that is odd while the slot is in use: what was
// read of a task is its own if the word is the same afterwards.
//
// What a slot points at is described by the head's `registry_layout`: at which distance what is of interest lies in a task,
// a coroutine's promise, a waiter. So a reader needs no debug information, and may be of another version than the program.
//
// The task that runs is the root's `current`; of the others those in the ready queue say so, and the rest wait. A time is
// in nanoseconds of the loop's clock; a tick is 2^24 of them (16.8 ms) in 32 bits, which come round after 2.2 years.
//
// One thread, the loop's, writes a root's slots; any thread or process may read them.

namespace weft::inline v0 {

class task_core;

struct registry_slot {
    /// Bits 16 to 63: the task_core*, or in a free slot the number of the next free one. Bits 0 to 15: the generation.
    /// (User memory lies below 2^47 on x86-64, below 2^48 on aarch64, unless a program asks for more by name.)
    std::atomic<std::uint64_t> word{0};

    static bool is_used(std::uint64_t word) noexcept { return word & 1; }
    static std::uint64_t value_in(std::uint64_t word) noexcept { return word >> 16; }
    static void* pointer_in(std::uint64_t word) noexcept { return reinterpret_cast<void*>(value_in(word)); }
    static std::uint16_t generation_in(std::uint64_t word) noexcept { return static_cast<std::uint16_t>(word); }
    static std::uint64_t word_of(std::uint64_t value, unsigned generation) noexcept {
        return value << 16 | static_cast<std::uint16_t>(generation);
    }
    static std::uint64_t word_of(const void* pointer, unsigned generation) noexcept {
        return word_of(reinterpret_cast<std::uint64_t>(pointer), generation);
    }
};

struct registry_page {
    static constexpr std::size_t capacity = 339;
    std::atomic<registry_page*> next{nullptr};
    /// CPU time of each slot's task in nanoseconds, taken while somebody looks; null if nobody ever has.
    std::atomic<std::atomic<std::uint64_t>*> cpu_times{nullptr};
    registry_slot slots[capacity];
    std::atomic<std::uint32_t> creators[capacity];  // the low half of the id of the task that created this one, or 0
};

enum class loop_phase : std::uint32_t { stopped, waits, runs };

struct registry_root {
    std::atomic<registry_root*> next{nullptr};
    std::atomic<registry_page*> pages{nullptr};
    std::atomic<void*> loop{nullptr};  // event_loop*; null: this root is free
    std::atomic<std::uint64_t> thread{0};  // the kernel's id of the thread that runs the loop, 0 while none does
    std::atomic<void*> current{nullptr};  // the task_core* that runs
    std::atomic<std::int64_t> time{0};  // when the present turn, or the last one, began to run what is ready
    std::atomic<loop_phase> phase{loop_phase::stopped};
    std::atomic<bool> is_virtual{false};  // its clock is no clock of the system: `time` is all that is known of it
    std::atomic<const char*> backend{nullptr};
    std::atomic<const void*> flight_records{nullptr};  // the flight_ring_head of a flight recorder; null: there is none
};

/// Where things are: distances in bytes. Each version appends to the one before. That of a coroutine's handle to its promise is
/// the same for all.
struct registry_layout {
    // In a task. What its coroutines name as their execution is so far into it; the resume point is a handle, or null.
    std::uint16_t task_execution, task_resume_point, task_kind, task_is_queued, task_waiting_at, task_suspended_since,
        task_id_or_extras;
    // In a task's kind, as signed 32 bits: from the task to its outermost coroutine's handle, and to its future
    std::uint16_t kind_to_body, kind_to_future;
    // In the extras, for a task whose id_or_extras is even; else it is the id above that bit
    std::uint16_t extras_id, extras_name;
    // In a future, bytes: 0 while it is pending; 1 if a task makes its result, 2 if that was destroyed before its end
    std::uint16_t future_status, future_made_by;
    // From a handle's address; in a promise
    std::uint16_t handle_to_promise, promise_execution, promise_awaited, promise_created_at, promise_where;
    // In what a std::source_location points at
    std::uint16_t location_file, location_function, location_line;
    // In a waiter; in the wait_kind that its first points at
    std::uint16_t waiter_kind, wait_kind_name, wait_kind_subject;
    // In a std::string (characters, count), a std::vector (begin, end), a list (first; and in a node next)
    std::uint16_t string_text, string_size, vector_begin, vector_end, list_first, node_next;
    // In a root; 0: of a version that had none
    std::uint16_t root_flight_records;
    // In the head; likewise
    std::uint16_t head_fibers;
};

/// How a fiber that waits is found, and what its stack begins with. Named by the head once there are fibers.
struct fiber_layout {
    const void* resume;  // a coroutine's frame is a fiber's if it begins with this
    /// The instruction behind which a fiber goes on with the stack pointer it left: unwinding begins here, as this code's
    /// call frame information says.
    const void* left_at;
    // From the frame to -> the fiber (null: it has not begun), and to -> the one whose stack waits: that, or one that was switched
    // to by it, or by that one, and so on; in each of these -> who has switched to it, and the stack pointer.
    std::uint16_t frame_fiber, frame_innermost, fiber_parent, fiber_stack_pointer;
};

struct registry_head {
    char magic[8] = {'w', 'e', 'f', 't', 'r', 'e', 'g', '\0'};
    std::uint32_t version = 2;
    std::uint32_t page_capacity = registry_page::capacity;
    std::uint32_t slot_bytes = sizeof(registry_slot);
    std::uint32_t layout_bytes = sizeof(registry_layout);
    std::atomic<registry_root*> roots{nullptr};
    /// Written by who looks, from wherever: until this time of CLOCK_MONOTONIC, loops take the CPU time of each step.
    std::atomic<std::uint64_t> watched_until{0};
    const registry_layout* layout;
    std::atomic<const fiber_layout*> fibers{nullptr};  // null: none has been on a loop yet
};
/// The process's registry; the ELF note leads here.
extern "C" registry_head weft_registry_head;

/// One loop's tasks. Adding and removing are O(1); after warm-up they allocate nothing.
class task_registry {
public:
    /// @param now  of its clock
    task_registry(void* loop, const char* backend_name, bool is_virtual, std::int64_t now);
    task_registry(const task_registry&) = delete;
    task_registry& operator=(const task_registry&) = delete;
    ~task_registry();

    /// @param creator  the id of the task that creates this one; 0: none
    /// @return the number of its slot  @throws std::bad_alloc
    std::uint32_t add(task_core& task, std::uint64_t creator) {
        if (!free_) grow();
        const std::uint32_t number = free_;
        registry_page& page = page_of(number);
        std::atomic<std::uint64_t>& word = page.slots[index_in_page(number)].word;
        const std::uint64_t before = word.load(std::memory_order_relaxed);
        free_ = static_cast<std::uint32_t>(registry_slot::value_in(before));
        page.creators[index_in_page(number)].store(static_cast<std::uint32_t>(creator), std::memory_order_relaxed);
        // release: publishes the task
        word.store(registry_slot::word_of(&task, registry_slot::generation_in(before) + 1u), std::memory_order_release);
        ++size_;
        return number;
    }

    void remove(std::uint32_t number) noexcept {
        std::atomic<std::uint64_t>& word = page_of(number).slots[index_in_page(number)].word;
        const std::uint64_t before = word.load(std::memory_order_relaxed);
        word.store(registry_slot::word_of(free_, registry_slot::generation_in(before) + 1u), std::memory_order_release);
        free_ = number;
        --size_;
        if (has_taken_cpu_times_) [[unlikely]]
            forget_cpu_time(number);
    }

    std::size_t size() const noexcept { return size_; }
    void runs_on_thread(std::uint64_t kernel_id) noexcept { root_->thread.store(kernel_id, std::memory_order_relaxed); }

    task_core* current() const noexcept {
        return static_cast<task_core*>(root_->current.load(std::memory_order_relaxed));
    }
    void set_current(task_core* task) noexcept { root_->current.store(task, std::memory_order_relaxed); }

    void set_phase(loop_phase p) noexcept { root_->phase.store(p, std::memory_order_relaxed); }
    /// The loop has been told by the kernel what there is, and begins to run it.
    void turn_begins(std::int64_t now) noexcept {
        root_->time.store(now, std::memory_order_relaxed);
        root_->phase.store(loop_phase::runs, std::memory_order_relaxed);
        tick_ = tick_of(now);
        if (weft_registry_head.watched_until.load(std::memory_order_relaxed) || takes_cpu_times_) [[unlikely]]
            look_whether_watched();
    }
    /// When the present turn began, as a tick.
    std::uint32_t tick() const noexcept { return tick_; }

    /// Where a flight recorder keeps what it has seen, for other processes; null: nowhere any more.
    void is_recorded_in(const void* ring) noexcept { root_->flight_records.store(ring, std::memory_order_release); }

    /// Somebody looks: what a step takes is to be measured, and given to add_cpu_time().
    bool takes_cpu_times() const noexcept { return takes_cpu_times_; }
    void add_cpu_time(std::uint32_t number, std::uint64_t nanoseconds) noexcept;

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

    static constexpr int tick_bits = 24;

private:
    // A slot's number, which is never 0: one more than its page's above its place in that.
    static constexpr int index_bits = 9;
    static std::uint32_t index_in_page(std::uint32_t number) noexcept { return (number - 1) % (1u << index_bits); }
    registry_page& page_of(std::uint32_t number) const noexcept { return *pages_[(number - 1) >> index_bits]; }
    static std::uint32_t tick_of(std::int64_t now) noexcept {
        return static_cast<std::uint32_t>(static_cast<std::uint64_t>(now) >> tick_bits);
    }
    void grow();
    void take_page(registry_page& page);
    void look_whether_watched() noexcept;
    void forget_cpu_time(std::uint32_t number) noexcept;

    registry_root* root_;
    std::vector<registry_page*> pages_;
    std::uint32_t free_ = 0;  // the number of the first free slot, 0: none
    std::uint32_t tick_ = 0;
    std::size_t size_ = 0;
    bool takes_cpu_times_ = false;
    bool has_taken_cpu_times_ = false;
};

}  // namespace weft::inline v0
