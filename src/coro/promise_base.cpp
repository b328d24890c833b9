// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/promise_base.hpp>

#include <utility>

namespace weft::inline v0 {

namespace {

/// More unstarted coroutines than that are not destroyed one inside the other. (CPython's limit, for the same reason, is 50.)
constexpr unsigned nested_at_most = 100;

/// The unstarted coroutines that this thread is in the middle of destroying. A destructor does not suspend: all of it
/// begins and ends on one thread.
struct unstarted_destruction {
    unsigned nested = 0;
    bool deep = false;  // as many as may be: what comes now waits
    promise_base* waiting = nullptr;  // linked by `awaited_`, which an unstarted coroutine has no other use for
    promise_base** place = nullptr;  // for the next one that waits
};
constinit thread_local unstarted_destruction this_thread_destroys;

}  // namespace

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

promise_base::frame_function promise_base::enter_unstarted() noexcept {
    unstarted_destruction& here = this_thread_destroys;
    if (here.deep) {
        return [](void* frame) {
            promise_base& p = std::coroutine_handle<promise_base>::from_address(frame).promise();
            promise_base**& place = this_thread_destroys.place;
            p.awaited_ = std::exchange(*place, &p);
            place = &p.awaited_;
        };
    }
    if (++here.nested == nested_at_most) {
        here.deep = true;
        here.place = &here.waiting;
    }
    return nullptr;
}

void promise_base::leave_unstarted() noexcept {
    unstarted_destruction& here = this_thread_destroys;
    if (here.deep) {  // then it is the deepest that leaves, for those further in have not entered
        while (here.waiting) {
            promise_base& next = *std::exchange(here.waiting, here.waiting->awaited_);
            next.awaited_ = nullptr;
            here.place = &here.waiting;  // what `next` holds goes first, as if it were nested
            frame_function* const frame = next.frame_functions();
            frame[1] = frame[0];
            next.handle().destroy();
        }
        here.deep = false;
    }
    --here.nested;
}

}  // namespace weft::inline v0
