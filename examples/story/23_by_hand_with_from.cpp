// SPDX-License-Identifier: Apache-2.0
// The same two functions as generators, as one wrote them before `await`. To be a generator at all, look_up has to yield
// somewhere: that is a step more. One that has finished does not refuse; it is at its end, as often as one asks.
#include <weft/weft.hpp>

#include <cstdio>
#include <string>

/// What a generator yields that has nothing to say.
struct nothing {};

weft::generator<nothing, void, std::string> look_up(std::string name) {
    std::printf("name %s\n", name.c_str());
    co_yield nothing();
    co_return "foo";
}

weft::generator<nothing, void, std::string> ask() { co_return co_yield weft::from(look_up("bar")); }

int main() {
    auto generator = ask();
    if (generator.next()) std::puts("not yet");
    if (!generator.next()) std::printf("value %s\n", generator.result().c_str());
    if (!generator.next()) std::puts("end");
}
