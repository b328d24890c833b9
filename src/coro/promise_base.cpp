// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/promise_base.hpp>

namespace weft::inline v0 {

void promise_base::destroy_chain(promise_base& outermost) noexcept {
    promise_base* p = &outermost;
    while (p->awaited_) p = p->awaited_;
    for (;;) {
        const bool last = p == &outermost;
        promise_base* const next = p->awaiter_;
        if (p->owner_) {
            *p->owner_ = nullptr;  // so that the frame further out does not destroy it again
            next->awaited_ = nullptr;
        }
        p->handle().destroy();
        if (last) return;
        p = next;
    }
}

}  // namespace weft::inline v0
