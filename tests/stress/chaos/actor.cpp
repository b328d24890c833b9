// SPDX-License-Identifier: Apache-2.0
#include "stress/chaos/actor.hpp"

#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

namespace stress {

namespace {

const weft::context_var<const actor*> acting{nullptr};

/// Between two visits: nothing that a visit did to its task has stayed.
void check_between_visits(const world& w, const actor& a) {
    // In the end all are cancelled by run(), which counts with nobody here.
    require(w.is_over() || weft::current_task_core().cancelling() == a.requests,
            "cancelling() of an actor is " + std::to_string(weft::current_task_core().cancelling()) + ", after " +
                std::to_string(a.requests) + " requests that were not taken back");
    require(acting.get() == &a, "an actor sees another's context");
}

/// Having swallowed a cancellation, it may say so.
void take_back_requests(world& w, actor& a) {
    if (!w.chance().one_in(2)) return;
    for (; a.requests > 0; --a.requests) weft::current_task_core().uncancel();
}

struct marks_the_end {
    explicit marks_the_end(actor& a) noexcept : ended(a) {}
    ~marks_the_end() { ended.has_ended = true; }
    actor& ended;
};

}  // namespace

weft::task<> act(world& w, actor& a, presence<>) {
    const marks_the_end mark(a);
    std::ignore = acting.set(&a);
    for (; a.visits_left > 0; --a.visits_left) {
        try {
            co_await w.visit_somewhere({.obedient = a.obedient});
        } catch (const weft::cancelled_error&) {
            require(a.was_asked || !a.obedient || w.is_over(), "an actor was cancelled that nobody has asked to end");
            if (a.obedient || w.is_over() || w.chance().one_in(3)) throw;
            take_back_requests(w, a);
        }
        check_between_visits(w, a);
    }
}

bool ask_to_end(actor& a) {
    if (!a.handle || !a.handle->cancel()) return false;
    ++a.requests;
    a.was_asked = true;
    return true;
}

void check_end(const actor& a) {
    if (!a.handle || !a.handle->done()) return;
    const auto& h = *a.handle;
    if (h.cancelled()) return;
    if (h.exception()) fail("an actor has failed: " + weft::describe_exception(h.exception()));
    require(!a.obedient || !a.was_asked, "an actor was asked to end, and has come to its end as if it had not been");
}

}  // namespace stress
