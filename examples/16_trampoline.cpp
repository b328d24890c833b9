// SPDX-License-Identifier: Apache-2.0
// How coroutines began: a generator yields what it wants and is sent what came of it. It may want an answer from outside,
// or to call another such generator; a stack of generators, the trampoline, makes one conversation of the whole call chain.
// (PEP 342, 2005. `from`, Python's `yield from` of 2012, made the stack needless: see 17_scheduler.cpp.)
//
//     def fetch_twice():
//         first = yield Ask("/foo")
//         second = yield fetch_once()     # a call
//         return first + second           # in 2005: yield Return(first + second)
#include <weft/weft.hpp>

#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

struct wish;
/// A function that can wait: yields its wishes, is sent the answers, returns its result.
using job = weft::generator<wish&&, std::string, std::string>;

struct ask {
    std::string path;
};
struct wish : std::variant<ask, job> {
    using variant::variant;
};

job fetch_price() {
    const std::string price = co_yield ask{"/price"};
    co_return price + " coins";
}

job fetch_offer() {
    const std::string name = co_yield ask{"/name"};
    const std::string price = co_yield fetch_price();  // a call: suspended until fetch_price has returned
    co_return name + " for " + price;
}

/// Runs the whole chain as one generator of questions: what is called is put on the stack, what has returned comes off.
weft::generator<ask, std::string, std::string> trampoline(job first) {
    std::vector<job> stack;
    stack.push_back(std::move(first));
    wish* wanted = stack.back().next();
    for (;;) {
        std::string reply;
        if (!wanted) {
            reply = std::move(stack.back()).result();
            stack.pop_back();
            if (stack.empty()) co_return reply;
        } else if (auto* called = std::get_if<job>(wanted)) {
            stack.push_back(std::move(*called));
            wanted = stack.back().next();
            continue;
        } else {
            reply = co_yield std::get<ask>(std::move(*wanted));
        }
        wanted = stack.back().send(reply);
    }
}

int main() {
    const std::map<std::string, std::string> answers = {{"/name", "a loom"}, {"/price", "12"}};

    auto questions = trampoline(fetch_offer());
    for (auto question = questions.next(); question;) {
        std::printf("asked for %s\n", question->path.c_str());
        question = questions.send(answers.at(question->path));
    }
    std::printf("%s\n", questions.result().c_str());
}
