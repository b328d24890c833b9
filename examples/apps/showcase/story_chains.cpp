// SPDX-License-Identifier: Apache-2.0
// The story, 20: many chains of calls at once.
#include "recorder.hpp"
#include "story.hpp"

#include <weft/coro/generator.hpp>

#include <deque>
#include <map>
#include <utility>
#include <variant>
#include <vector>

namespace showcase {

namespace {

namespace ready_list {

struct fetch {
    std::string path;
    int ms;  // how long it takes
};
struct wish;
/// Yields its wishes, is sent the replies, returns its result.
using job = weft::generator<wish&&, std::string, std::string>;
/// Something to fetch, or a function to call.
struct wish : std::variant<fetch, job> {
    using variant::variant;
};

auto resume(auto& g, std::string reply) {
    return g.state() == weft::generator_state::created ? g.next() : g.send(std::move(reply));
}

/// A call chain as one generator of what is to be fetched: the trampoline of 19, which no longer fetches, but yields.
using chain = weft::generator<fetch, std::string>;

chain trampoline(job first) {
    std::vector<job> stack;
    stack.push_back(std::move(first));
    for (std::string reply; !stack.empty();) {
        wish* const wanted = resume(stack.back(), std::exchange(reply, ""));
        if (!wanted) {
            reply = std::move(stack.back()).result();
            stack.pop_back();
        } else if (job* called = std::get_if<job>(wanted)) {
            stack.push_back(std::move(*called));
        } else {
            reply = co_yield std::get<fetch>(*wanted);
        }
    }
}

job page(recorder& r, std::string name, int ms) {
    lane me(r, name);
    for (const char* part : {"/head", "/body"}) {
        me.does("yields", "a wish for " + name + part);
        const std::string text = co_yield fetch{name + part, ms};
        me.does("goes on", text);
    }
    co_return name;
}

job visit(recorder& r, std::string name, int ms) {
    lane me(r, "visit of " + name);
    me.does("yields", "a call of page");
    const std::string seen = co_yield page(r, name, ms);
    me.does("goes on", seen);
    co_return "";
}

void play(recorder& r) {
    lane me(r, "loop");
    int now = 0;  // the clock is a number here, and jumps to whatever comes next
    std::deque<std::pair<chain, std::string>> ready;  // and what each will be sent
    std::multimap<int, std::pair<chain, std::string>> aside;  // by when they are ready
    ready.emplace_back(trampoline(visit(r, "ann", 30)), "");
    ready.emplace_back(trampoline(visit(r, "ben", 20)), "");
    for (; !ready.empty() || !aside.empty(); ready.pop_front()) {
        if (ready.empty()) {
            auto next = aside.extract(aside.begin());
            now = next.key();
            me.says("it is " + std::to_string(now) + " ms: " + next.mapped().second + " is there");
            ready.push_back(std::move(next.mapped()));
        }
        auto& [c, reply] = ready.front();
        me.does("send", reply.empty() ? "nothing" : reply);
        if (const auto want = resume(c, reply)) {
            me.says("aside until " + std::to_string(now + want->ms) + " ms");
            aside.emplace(now + want->ms, std::pair(std::move(c), want->path));
        }
    }
}

}  // namespace ready_list

constexpr story_step steps[] = {
    {"20_ready_list", "A list of those that are ready runs many chains at once.", ready_list::play, "story_chains.cpp"},
};

}  // namespace

std::span<const story_step> steps_with_chains() { return steps; }

}  // namespace showcase
