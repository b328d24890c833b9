// SPDX-License-Identifier: Apache-2.0
#include "hook/elsewhere.hpp"

namespace weft_hook {

namespace {
hooked<int(sem_t*)> libc_sem_wait("sem_wait");
}  // namespace

bool send(errand& e, bool must_end) noexcept {
    ::sem_init(&e.over, 0, 0);
    const auto run = [](void* context) {
        auto& self = *static_cast<errand*>(context);
        self.was_run = true;
        self.run(self);
    };
    const auto end = [](void* context) {
        auto& self = *static_cast<errand*>(context);
        ::sem_post(&self.over);
        let_go(self);
    };
    const unsigned flags = must_end ? 0U : unsigned{weft_hook_cancellable};
    const int result = offered.load(std::memory_order_relaxed)->elsewhere(run, end, &e, flags);
    if (result == 0) return true;
    if (!must_end) return false;
    while (libc_sem_wait(&e.over) != 0) {  // it has not begun, or is a short one: a file's
    }
    if (!e.was_run)
        run(&e);  // there is no thread, or the fiber is being destroyed: what it writes last is written all the same
    return true;
}

void let_go(errand& e) noexcept {
    if (e.references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    ::sem_destroy(&e.over);
    std::free(&e);
}

}  // namespace weft_hook
