// SPDX-License-Identifier: Apache-2.0
// New: a coroutine is not a generator any more, it is awaited; but it is still run step by step, and no loop is needed for
// that. As long as nothing waits, one step is enough. A coroutine that has finished refuses to go on.
#include <weft/weft.hpp>

#include <cstdio>
#include <string>

weft::task<std::string> look_up(std::string name) {
    std::printf("name %s\n", name.c_str());
    co_return "foo";
}

weft::task<std::string> ask() { co_return co_await look_up("bar"); }

int main() {
    auto coroutine = ask();
    if (const auto value = coroutine.step()) std::printf("value %s\n", value->c_str());
    try {
        coroutine.step();
    } catch (const weft::invalid_state_error& e) {
        std::puts(e.what());
    }
}
