// SPDX-License-Identifier: Apache-2.0
#include "../synchronisers.hpp"
#include "../world.hpp"

// Queues, as in queues.py.

namespace differential {
namespace {

auto& queue(const world& w, const statement& s) { return w.sync->queues[s.which()]; }

weft::task<bool> put(body& b, const statement& s) {
    co_await queue(b.around, s).put(s.site);
    b.log(s.site, "put");
    co_return false;
}

weft::task<bool> get(body& b, const statement& s) {
    b.log(s.site, "gets " + text(co_await queue(b.around, s).get()));
    co_return false;
}

void try_put(world& w, const std::string& who, const statement& s) {
    queue(w, s).try_put(s.site);
    w.log(who, s.site, "put");
}

void try_get(world& w, const std::string& who, const statement& s) {
    w.log(who, s.site, "gets " + text(queue(w, s).try_get()));
}

weft::task<bool> join(body& b, const statement& s) {
    co_await queue(b.around, s).join();
    b.log(s.site, "joined");
    co_return false;
}

void task_done(world& w, const std::string& who, const statement& s) {
    queue(w, s).task_done();
    w.log(who, s.site, "task done");
}

void shutdown(world& w, const std::string& who, const statement& s) {
    queue(w, s).shutdown(s.numbers[1] != 0);
    w.log(who, s.site, "shuts down");
}

void look_at_queue(world& w, const std::string& who, const statement& s) {
    const auto& q = queue(w, s);
    w.log(who, s.site, "sees " + text(q.size()) + (q.empty() ? " 1" : " 0") + (q.full() ? " 1" : " 0"));
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
