// SPDX-License-Identifier: Apache-2.0
// New: many such chains at once. The loop has a list of those that are ready; one that wants something fetched is set aside
// until that is there, and then put back. (The clock is a number here, and jumps to whatever comes next.)
#include <weft/weft.hpp>

#include <cstdio>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

struct fetch {
    std::string path;
    int ms;  // how long it takes
};
struct wish;
using job = weft::generator<wish&&, std::string, std::string>;
struct wish : std::variant<fetch, job> {
    using variant::variant;
};

auto resume(auto& g, std::string reply) {
    return g.state() == weft::generator_state::created ? g.next() : g.send(std::move(reply));
}

/// A call chain as one generator of what is to be fetched: run() of 19, which no longer fetches, but yields.
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

int now = 0;
std::deque<std::pair<chain, std::string>> ready;  // and what each will be sent
std::multimap<int, std::pair<chain, std::string>> aside;  // by when they are ready

void run() {
    for (; !ready.empty() || !aside.empty(); ready.pop_front()) {
        if (ready.empty()) {
            auto next = aside.extract(aside.begin());
            now = next.key();
            ready.push_back(std::move(next.mapped()));
        }
        auto& [c, reply] = ready.front();
        if (const auto want = resume(c, reply)) aside.emplace(now + want->ms, std::pair(std::move(c), want->path));
    }
}

job page(std::string name, int ms) {
    for (const char* part : {"/head", "/body"}) {
        const std::string text = co_yield fetch{name + part, ms};
        std::printf("%d ms: %s is there\n", now, text.c_str());
    }
    co_return name;
}
job visit(std::string name, int ms) {
    const std::string seen = co_yield page(name, ms);
    std::printf("%d ms: %s has been seen\n", now, seen.c_str());
    co_return "";
}

int main() {
    ready.emplace_back(trampoline(visit("ann", 30)), "");
    ready.emplace_back(trampoline(visit("ben", 20)), "");
    run();
}
