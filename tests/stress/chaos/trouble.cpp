// SPDX-License-Identifier: Apache-2.0
// Who makes trouble: what the actors do not expect comes from here.
#include "stress/chaos/world.hpp"

#include <weft/weft.hpp>

namespace stress {

namespace {

actor& somebody(world& w) { return w.actors()[w.chance().roll(w.actors().size())]; }

void cancel(world& w, actor& a) {
    if (ask_to_end(a)) ++w.cancellations;
}

/// Some task that an actor has created. (An actor itself is asked by its handle alone, to be counted.)
void cancel_a_child(world& w) {
    std::vector<weft::any_task> children = weft::all_tasks();
    std::erase_if(children, [](const weft::any_task& t) {
        const std::string name = t.name();
        return name == "main" || name == "trouble" || name.starts_with("actor");
    });
    if (children.empty()) return;
    if (children[w.chance().roll(children.size())].cancel()) ++w.cancellations;
}

void take_back(actor& a) {
    // Who is obedient has to hear every request.
    if (a.obedient || !a.handle || a.requests == 0 || a.handle->done()) return;
    a.handle->uncancel();
    --a.requests;
}

weft::task<> one_act(world& w) {
    switch (w.chance().roll(12)) {
        case 0: cancel_a_child(w); break;
        case 1: {
            actor& a = somebody(w);
            cancel(w, a);
            cancel(w, a);
            break;
        }
        case 2: cancel(w, w.create_actor()); break;  // before it has run, unless it began eagerly
        case 3: (void)w.create_actor(); break;
        case 4: somebody(w).handle.reset(); break;  // it runs on by itself
        case 5: take_back(somebody(w)); break;
        case 6: co_await w.all_places()[w.chance().roll(w.all_places().size())]->help(); break;
        case 7: co_await w.rest(); break;
        default: cancel(w, somebody(w)); break;
    }
}

}  // namespace

weft::task<> make_trouble(world& w, int acts) {
    for (; acts > 0; --acts) {
        co_await w.pass_time();
        co_await one_act(w);
    }
}

}  // namespace stress
