// SPDX-License-Identifier: Apache-2.0
// New: a generator says where it stands: its state, each suspended function with its line, and, while it runs, who resumed
// it. That is whoever asked last, not who made it. (Lines are counted from the first one of inner.)
#include <weft/weft.hpp>

#include <cstdio>
#include <source_location>

weft::generator<int> g;

const char* state() {
    constexpr const char* names[] = {"created", "running", "suspended", "closed"};
    return names[static_cast<int>(g.state())];
}

void tell() { std::printf("  inside: %s, resumed by %s\n", state(), g.frames().front().function.c_str()); }

constexpr auto top = std::source_location::current().line() + 1;
weft::generator<int> inner() {
    tell();
    co_yield 2;
}

weft::generator<int> outer() {
    tell();
    co_yield 1;
    co_yield weft::from(inner());
    tell();
}

void show() {
    std::printf("%s", state());
    if (g.state() == weft::generator_state::suspended) {
        for (const weft::stack_frame& at : g.frames())
            std::printf(", %s at line %u", at.function.c_str(), at.line - top);
        if (g.delegating()) std::printf(", to which it delegates");
    }
    std::puts("");
}

void ann() { g.next(); }

void ben() { g.next(); }

int main() {
    g = outer();
    show();
    ann();
    show();
    ben();
    show();
    ann();
    show();
}
