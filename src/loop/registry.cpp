// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/registry.hpp>

namespace weft::inline v0 {

extern "C" {
constinit registry_head weft_registry_head_v1{};
}

// The note is written by the assembler because its content, a distance between two sections, is no constant expression.
// The distance needs no relocation at run time, and an allocated note survives static linking and `strip`.
asm(R"(
    .pushsection .note.weft, "a", @note
    .balign 4
    .long 5, 8, 1
    .asciz "weft"
    .balign 4
    .quad weft_registry_head_v1 - .
    .popsection
)");

task_registry::task_registry(void* loop) {
    // A free root of an earlier loop, else a new one at the head of the list.
    for (registry_root* r = weft_registry_head_v1.roots.load(std::memory_order_acquire); r;
         r = r->next.load(std::memory_order_acquire)) {
        void* expected = nullptr;
        // acquire: what the loop before wrote into the slots is seen here
        if (r->loop.compare_exchange_strong(expected, loop, std::memory_order_acq_rel)) {
            root_ = r;
            for (registry_page* page = r->pages.load(std::memory_order_relaxed); page;
                 page = page->next.load(std::memory_order_relaxed)) {
                free_slots_of(*page);
            }
            return;
        }
    }
    root_ = new registry_root;
    root_->loop.store(loop, std::memory_order_relaxed);
    registry_root* head = weft_registry_head_v1.roots.load(std::memory_order_relaxed);
    do {
        root_->next.store(head, std::memory_order_relaxed);
        // release: publishes the root's fields to whoever finds it in the list
    } while (!weft_registry_head_v1.roots.compare_exchange_weak(head, root_, std::memory_order_release));
}

task_registry::~task_registry() {
    root_->thread.store(0, std::memory_order_relaxed);
    root_->loop.store(nullptr, std::memory_order_release);  // hands the slots to the next loop that takes this root
}

void task_registry::free_slots_of(registry_page& page) noexcept {
    for (std::size_t i = registry_page::capacity; i-- > 0;) {
        registry_slot& slot = page.slots[i];
        const auto generation = registry_slot::generation_in(slot.word.load(std::memory_order_relaxed));
        slot.word.store(registry_slot::word_of(free_, generation), std::memory_order_relaxed);
        free_ = &slot;
    }
}

void task_registry::grow() {
    auto* page = new registry_page;
    free_slots_of(*page);
    page->next.store(root_->pages.load(std::memory_order_relaxed), std::memory_order_relaxed);
    root_->pages.store(page, std::memory_order_release);  // publishes the page's slots
}

}  // namespace weft::inline v0
