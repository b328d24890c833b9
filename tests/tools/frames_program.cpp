// SPDX-License-Identifier: Apache-2.0
// A program for `weft frames` to look at; docs/guide/frames.md shows what it says of it.
#include "known_coroutines.hpp"

int main() {
    known::task connection = known::serve(80, "ada", "hello");
    for (int i = 0; i < 5; ++i) connection.resume();
    const long answer = 42;
    known::hold_values(answer).resume();
    known::take_turns(1).resume();
}
