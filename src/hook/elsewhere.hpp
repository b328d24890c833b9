// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hook/shim.hpp"

#include <semaphore.h>

#include <cstdlib>
#include <new>

namespace weft_hook {

/// What another thread is to do, and what came of it. Belongs to both: the last one frees it.
struct errand {
    void (*run)(errand& e);
    std::atomic<int> references{2};
    sem_t over;  // posted when nobody works on it any more
    bool was_run = false;
    long result = -1;
    int error = ECANCELED;
};

/// @return whether it was run. @param must_end  as for elsewhere()
bool send(errand& e, bool must_end) noexcept;
void let_go(errand& e) noexcept;

/// Has `q.ask()` called on another thread, and then `q.let_go()`: `q` outlives a caller that is cancelled. @return 0, or -errno
template <class Question>
int ask_elsewhere(Question& q) noexcept {
    return offered.load(std::memory_order_relaxed)
        ->elsewhere([](void* context) { static_cast<Question*>(context)->ask(); },
                    [](void* context) { static_cast<Question*>(context)->let_go(); }, &q, weft_hook_cancellable);
}

template <class Call>
long elsewhere(const Call& call, bool must_end) noexcept {
    static_assert(std::is_trivially_copyable_v<Call>);
    struct errand_of : errand {
        explicit errand_of(const Call& c) noexcept : errand{}, call(c) {}
        Call call;
    };
    void* const memory = std::malloc(sizeof(errand_of));
    if (!memory) return fail(ENOMEM);
    const kept_errno before;
    auto* const e = new (memory) errand_of(call);
    e->run = [](errand& self) {
        self.result = static_cast<long>(static_cast<errand_of&>(self).call());
        self.error = errno;
    };
    const bool was_run = send(*e, must_end);
    const long result = was_run ? e->result : -1;
    const int error = was_run ? e->error : ECANCELED;
    let_go(*e);
    if (result == -1) return fail(error);
    before.restore();
    return result;
}

}  // namespace weft_hook
