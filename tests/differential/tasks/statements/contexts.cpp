// SPDX-License-Identifier: Apache-2.0
#include "../world.hpp"

#include <weft/loop/any_task.hpp>

#include <array>

// Context variables, as in contexts.py.

namespace differential {
namespace {

const std::array<weft::context_var<number>, 3> vars = {0, 0, 0};

void var_get(world& w, const std::string& who, const statement& s) {
    w.log(who, s.site, "sees " + text(vars[s.which()].get()));
}

weft::task<bool> var_set(body& b, const statement& s) {
    b.tokens.emplace_back(s.which(), vars[s.which()].set(s.site));
    b.log(s.site, "sets");
    co_return false;
}

weft::task<bool> var_reset(body& b, const statement& s) {
    if (b.tokens.empty()) co_return false;
    auto [which, token] = std::move(b.tokens.back());
    b.tokens.pop_back();
    vars[which].reset(token);
    b.log(s.site, "resets " + text(which) + " to " + text(vars[which].get()));
    co_return false;
}

weft::task<bool> spawn_sharing(body& b, const statement& s) {
    const number n = s.numbers[0];
    b.log(s.site, "spawns " + text(n));
    auto made = weft::create_task(run_body(b.around, n, s.blocks[0]), {.context = weft::current_task().context()});
    b.around.tasks.emplace(n, std::move(made));
    co_return false;
}

}  // namespace

vocabulary context_words() {
    return {.actions = {{"var_get", var_get}},
            .activities = {{"var_set", var_set}, {"var_reset", var_reset}, {"spawn_sharing", spawn_sharing}}};
}

}  // namespace differential
