// SPDX-License-Identifier: Apache-2.0
// New: who waits may call somebody who waits. A generator yields what it wants fetched, or another generator that it calls;
// who runs them keeps a stack. What is called is put on it, what has returned comes off, and its result is sent to what lies
// below. A reply is kept until it has been sent.
#include <weft/weft.hpp>

#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

struct wish;
/// A function that can wait: yields its wishes, is sent the replies, returns its result.
using job = weft::generator<wish&&, std::string, std::string>;
/// A path to fetch, or a function to call.
struct wish : std::variant<std::string, job> {
    using variant::variant;
};

job f2(std::string path) {
    const std::string baz = co_yield path;
    co_return baz;
}

job f1() {
    const std::string bar = co_yield "/foo";
    const std::string baz = co_yield f2("/" + bar);
    co_return baz;
}

std::string fetch(const std::string& path) {
    static const std::map<std::string, std::string> pages = {{"/foo", "bar"}, {"/bar", "baz"}};
    std::printf("job for %s\n", path.c_str());
    return pages.at(path);
}

/// Python's g.send(None) begins; here that is next().
wish* resume(job& g, std::string reply) {
    return g.state() == weft::generator_state::created ? g.next() : g.send(std::move(reply));
}

std::string run(job first) {
    std::vector<job> stack;
    stack.push_back(std::move(first));
    for (std::string reply;;) {
        wish* const wanted = resume(stack.back(), std::exchange(reply, ""));
        if (!wanted) {
            reply = std::move(stack.back()).result();
            stack.pop_back();
            if (stack.empty()) return reply;
        } else if (job* called = std::get_if<job>(wanted)) {
            stack.push_back(std::move(*called));
        } else {
            reply = fetch(std::get<std::string>(*wanted));
        }
    }
}

int main() {
    const std::string result = run(f1());
    std::puts("finished");
    std::puts(result.c_str());
}
