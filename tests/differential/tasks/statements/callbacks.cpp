// SPDX-License-Identifier: Apache-2.0
#include "../world.hpp"

// Callbacks, as in callbacks.py.

namespace differential {
namespace {

auto performing(world& w, const statement& s) {
    return [&w, &s] { w.perform("c" + text(s.site), s.blocks[0]); };
}

void call_soon(world& w, const std::string& who, const statement& s) {
    w.calls.emplace(s.site, w.loop().call_soon(performing(w, s)));
    w.log(who, s.site, "calls soon");
}

void call_later(world& w, const std::string& who, const statement& s) {
    w.calls.emplace(s.site, w.loop().call_later(*duration(s.numbers[0]), performing(w, s)));
    w.log(who, s.site, "calls later");
}

void cancel_call(world& w, const std::string& who, const statement& s) {
    const auto call = w.calls.find(s.numbers[0]);
    if (call == w.calls.end()) return;
    call->second.cancel();
    w.log(who, s.site, "cancels the call");
}

void done_callback(world& w, const std::string& who, const statement& s) {
    const auto thing = w.thing(s.numbers[0]);
    if (!thing) return;
    const auto token = thing->add_done_callback([&w, &s](const weft::future<number>& done) {
        w.log("c" + text(s.site), s.site, "told " + outcome(done));
        w.perform("c" + text(s.site), s.blocks[0]);
    });
    w.done_callbacks.emplace(s.site, world::listening{*thing, token});
    w.log(who, s.site, "listens");
}

void remove_callback(world& w, const std::string& who, const statement& s) {
    const auto found = w.done_callbacks.find(s.numbers[0]);
    if (found == w.done_callbacks.end()) return;
    const bool removed = found->second.to.remove_done_callback(found->second.token);
    w.log(who, s.site, "removed " + text(static_cast<int>(removed)));
}

}  // namespace

vocabulary callback_words() {
    return {.actions = {{"call_soon", call_soon},
                        {"call_later", call_later},
                        {"cancel_call", cancel_call},
                        {"done_callback", done_callback},
                        {"remove_callback", remove_callback}},
            .activities = {}};
}

}  // namespace differential
