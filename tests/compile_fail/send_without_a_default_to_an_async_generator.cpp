// SPDX-License-Identifier: Apache-2.0
// expect: weft: an async_generator's Send must be void or default-initializable, for next\(\) sends a default: use std::optional<T>, or a pointer
#include <weft/coro/async_generator.hpp>

#include <optional>

struct no_default {
    explicit no_default(int v) : value(v) {}
    int value;
};

#ifdef WEFT_COMPILE_FAIL_CONTROL
weft::async_generator<int, std::optional<no_default>> takes() {
#else
weft::async_generator<int, no_default> takes() {
#endif
    for (;;) (void)(co_yield 1);
}
