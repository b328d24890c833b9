// SPDX-License-Identifier: Apache-2.0
#include "../synchronisers.hpp"
#include "../world.hpp"

// Queues, as in queues.py.

namespace differential {
namespace {

template <class Use>
auto with_queue(const world& w, const statement& s, Use use) {
    return std::visit(use, w.sync->queues[s.which()]);
}

weft::task<bool> put(body& b, const statement& s) {
    co_await with_queue(b.around, s, [&](auto& q) { return to_task(q.put(s.site)); });
    b.log(s.site, "put");
    co_return false;
}

weft::task<bool> get(body& b, const statement& s) {
    const number got = co_await with_queue(b.around, s, [](auto& q) { return to_task(q.get()); });
    b.log(s.site, "gets " + text(got));
    co_return false;
}

void try_put(world& w, const std::string& who, const statement& s) {
    with_queue(w, s, [&](auto& q) { q.try_put(s.site); });
    w.log(who, s.site, "put");
}

void try_get(world& w, const std::string& who, const statement& s) {
    w.log(who, s.site, "gets " + text(with_queue(w, s, [](auto& q) { return q.try_get(); })));
}

weft::task<bool> join(body& b, const statement& s) {
    co_await with_queue(b.around, s, [](auto& q) { return q.join(); });
    b.log(s.site, "joined");
    co_return false;
}

void task_done(world& w, const std::string& who, const statement& s) {
    with_queue(w, s, [](auto& q) { q.task_done(); });
    w.log(who, s.site, "task done");
}

void shutdown(world& w, const std::string& who, const statement& s) {
    with_queue(w, s, [&](auto& q) { q.shutdown(s.numbers[1] != 0); });
    w.log(who, s.site, "shuts down");
}

void look_at_queue(world& w, const std::string& who, const statement& s) {
    with_queue(w, s, [&](auto& q) {
        w.log(who, s.site, "sees " + text(q.size()) + (q.empty() ? " 1" : " 0") + (q.full() ? " 1" : " 0"));
    });
}

}  // namespace

vocabulary queue_words() {
    return {.actions = {{"try_put", try_put},
                        {"try_get", try_get},
                        {"task_done", task_done},
                        {"shutdown", shutdown},
                        {"look_at_queue", look_at_queue}},
            .activities = {{"put", put}, {"get", get}, {"join", join}}};
}

}  // namespace differential
