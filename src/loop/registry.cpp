// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/registry.hpp>

#include <ctime>
#include <memory>
#include <new>

namespace weft::inline v0 {

extern const registry_layout layout_of_this_build;

extern "C" {
constinit registry_head weft_registry_head{.layout = &layout_of_this_build};
}

// The note is written by the assembler because its content, a distance between two sections, is no constant expression.
// The distance needs no relocation at run time, and an allocated note survives static linking and `strip`.
asm(R"(
    .pushsection .note.weft, "a", @note
    .balign 4
    .long 5, 8, 1
    .asciz "weft"
    .balign 4
    .quad weft_registry_head - .
    .popsection
)");

static_assert(sizeof(registry_page) <= 4096 - 8, "with what malloc adds, a page of the machine's");

task_registry::task_registry(void* loop, const char* backend_name, bool is_virtual, std::int64_t now)
    : tick_(tick_of(now)) {
    // A free root of an earlier loop, else a new one at the head of the list.
    root_ = nullptr;
    for (registry_root* r = weft_registry_head.roots.load(std::memory_order_acquire); r && !root_;
         r = r->next.load(std::memory_order_acquire)) {
        void* expected = nullptr;
        // acquire: what the loop before wrote into the slots is seen here
        if (r->loop.compare_exchange_strong(expected, loop, std::memory_order_acq_rel)) root_ = r;
    }
    if (root_) {
        try {
            for (registry_page* page = root_->pages.load(std::memory_order_relaxed); page;
                 page = page->next.load(std::memory_order_relaxed)) {
                take_page(*page);
            }
        } catch (...) {
            root_->loop.store(nullptr, std::memory_order_release);
            throw;
        }
        root_->phase.store(loop_phase::stopped, std::memory_order_relaxed);
    } else {
        root_ = new registry_root;
        root_->loop.store(loop, std::memory_order_relaxed);
        registry_root* head = weft_registry_head.roots.load(std::memory_order_relaxed);
        do {
            root_->next.store(head, std::memory_order_relaxed);
            // release: publishes the root's fields to whoever finds it in the list
        } while (!weft_registry_head.roots.compare_exchange_weak(head, root_, std::memory_order_release));
    }
    root_->time.store(now, std::memory_order_relaxed);
    root_->is_virtual.store(is_virtual, std::memory_order_relaxed);
    root_->backend.store(backend_name, std::memory_order_relaxed);
}

task_registry::~task_registry() {
    root_->flight_records.store(nullptr, std::memory_order_relaxed);
    root_->thread.store(0, std::memory_order_relaxed);
    root_->phase.store(loop_phase::stopped, std::memory_order_relaxed);
    root_->loop.store(nullptr, std::memory_order_release);  // hands the slots to the next loop that takes this root
}

/// Its slots are all free, and join the list of those that are.
void task_registry::take_page(registry_page& page) {
    const auto first = static_cast<std::uint32_t>(pages_.size() << index_bits) + 1;
    pages_.push_back(&page);
    for (std::size_t i = registry_page::capacity; i-- > 0;) {
        registry_slot& slot = page.slots[i];
        const auto generation = registry_slot::generation_in(slot.word.load(std::memory_order_relaxed));
        slot.word.store(registry_slot::word_of(free_, generation), std::memory_order_relaxed);
        free_ = first + static_cast<std::uint32_t>(i);
    }
}

void task_registry::grow() {
    auto added = std::make_unique<registry_page>();
    take_page(*added);
    registry_page* const page = added.release();  // for ever
    page->next.store(root_->pages.load(std::memory_order_relaxed), std::memory_order_relaxed);
    root_->pages.store(page, std::memory_order_release);  // publishes the page's slots
}

// CPU times: taken while somebody looks, which costs two system calls a step

void task_registry::look_whether_watched() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::uint64_t until = weft_registry_head.watched_until.load(std::memory_order_relaxed);
    takes_cpu_times_ =
        static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec) < until;
    if (takes_cpu_times_) {
        has_taken_cpu_times_ = true;
    } else {
        std::uint64_t over = until;  // so that no turn asks for the time any more; unless somebody looks again by now
        weft_registry_head.watched_until.compare_exchange_strong(over, 0, std::memory_order_relaxed);
    }
}

void task_registry::add_cpu_time(std::uint32_t number, std::uint64_t nanoseconds) noexcept {
    registry_page& page = page_of(number);
    std::atomic<std::uint64_t>* times = page.cpu_times.load(std::memory_order_relaxed);
    if (!times) {
        times = new (std::nothrow) std::atomic<std::uint64_t>[registry_page::capacity]();
        if (!times) return;  // then these tasks have none
        page.cpu_times.store(times, std::memory_order_release);
    }
    std::atomic<std::uint64_t>& time = times[index_in_page(number)];
    time.store(time.load(std::memory_order_relaxed) + nanoseconds, std::memory_order_relaxed);
}

void task_registry::forget_cpu_time(std::uint32_t number) noexcept {
    if (auto* const times = page_of(number).cpu_times.load(std::memory_order_relaxed))
        times[index_in_page(number)].store(0, std::memory_order_relaxed);
}

}  // namespace weft::inline v0
