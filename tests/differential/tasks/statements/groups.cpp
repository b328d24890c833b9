// SPDX-License-Identifier: Apache-2.0
#include "../world.hpp"

#include <weft/flow/with.hpp>

// Task groups, as in groups.py.

namespace differential {
namespace {

weft::task<bool> group(body& b, const statement& s) {
    const number n = s.numbers[0];
    b.log(s.site, "opens");
    std::exception_ptr error;
    bool returned = false;
    try {
        returned = co_await with(weft::task_group{}, [&](weft::task_group& g) -> weft::task<bool> {
            b.around.groups[n] = &g;
            const bool inner = co_await b.block(s.blocks[0]);
            b.log(s.site, "closes");
            co_return inner;
        });
    } catch (...) {
        error = std::current_exception();
    }
    b.around.groups.erase(n);
    if (error) std::rethrow_exception(error);
    b.log(s.site, "closed" + cancelling());
    co_return returned;
}

void spawn_in(world& w, const std::string& who, const statement& s) {
    const auto found = w.groups.find(s.numbers[0]);
    if (found == w.groups.end()) return;
    const number n = s.numbers[1];
    const std::string which = text(s.numbers[0]);
    try {
        w.tasks.emplace(n, found->second->create_task(run_body(w, n, s.blocks[0])));
    } catch (const weft::invalid_state_error&) {
        return w.log(who, s.site, which + " takes none");
    }
    w.log(who, s.site, "spawns " + text(n) + " in " + which);
}

}  // namespace

vocabulary group_words() { return {.actions = {{"spawn_in", spawn_in}}, .activities = {{"group", group}}}; }

}  // namespace differential
