// SPDX-License-Identifier: Apache-2.0
#include "../world.hpp"

#include <weft/loop/any_task.hpp>

// Tasks and futures, as in tasks.py.

namespace differential {
namespace {

void spawn(world& w, const std::string& who, const statement& s) {
    const number n = s.numbers[0];
    w.log(who, s.site, "spawns " + text(n));
    w.tasks.emplace(n, weft::create_task(run_body(w, n, s.blocks[0]), {.name = "t" + text(n)}));
}

weft::task<bool> spawn_eager(body& b, const statement& s) {
    const number n = s.numbers[0];
    b.log(s.site, "spawns " + text(n));
    const auto made = weft::create_task(run_body(b.around, n, s.blocks[0]), {.eager_start = true});
    b.around.tasks.emplace(n, made);
    b.log(s.site, made.done() ? "spawned, done" : "spawned, pending");
    co_return false;
}

weft::task<bool> await_(body& b, const statement& s) {
    const number n = s.numbers[0];
    const auto thing = b.around.thing(n);
    if (!thing) {
        b.log(s.site, "nobody");
        co_return false;
    }
    try {
        b.log(s.site, "gets " + text(co_await *thing));
    } catch (const weft::cancelled_error&) {
        if (n >= first_future || b.around.started.contains(n)) throw;
        throw weft::cancelled_error();  // see world.result() in world.py
    }
    co_return false;
}

void cancel(world& w, const std::string& who, const statement& s) {
    const auto thing = w.thing(s.numbers[0]);
    if (!thing) return;
    const bool taken = thing->cancel(s.numbers[1] ? "m" + text(s.numbers[1]) : "");
    w.log(who, s.site, "cancel " + text(s.numbers[0]) + (taken ? ": taken" : ": too late"));
}

void look(world& w, const std::string& who, const statement& s) {
    const number n = s.numbers[0];
    const auto thing = w.thing(n);
    if (!thing) {
        w.log(who, s.site, "nobody");
    } else if (thing->done()) {
        w.log(who, s.site, text(n) + " " + outcome(*thing));
    } else {
        const auto task = w.tasks.find(n);
        w.log(who, s.site,
              text(n) + " pending" + (task == w.tasks.end() ? "" : " cancelling " + text(task->second.cancelling())));
    }
}

weft::task<bool> uncancel(body& b, const statement& s) {
    b.log(s.site, "uncancel " + text(weft::current_task().uncancel()));
    co_return false;
}

void set_result(world& w, const std::string& who, const statement& s) {
    const auto future = *w.thing(s.numbers[0]);
    if (future.done()) {
        w.log(who, s.site, text(s.numbers[0]) + " is done");
    } else {
        future.set_result(s.site);
        w.log(who, s.site, "sets " + text(s.numbers[0]));
    }
}

void set_exception(world& w, const std::string& who, const statement& s) {
    w.thing(s.numbers[0])->set_exception(error_a(s.site));
    w.log(who, s.site, "fails " + text(s.numbers[0]));
}

}  // namespace

vocabulary task_words() {
    return {.actions = {{"spawn", spawn},
                        {"cancel", cancel},
                        {"look", look},
                        {"set_result", set_result},
                        {"set_exception", set_exception}},
            .activities = {{"spawn_eager", spawn_eager}, {"await", await_}, {"uncancel", uncancel}}};
}

}  // namespace differential
