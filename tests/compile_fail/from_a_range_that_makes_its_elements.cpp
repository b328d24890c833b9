// SPDX-License-Identifier: Apache-2.0
// expect: weft: from\(range\): this range makes its elements as it goes, and a reference to one would dangle
#include <weft/coro/generator.hpp>

#include <ranges>
#include <string>

#ifdef WEFT_COMPILE_FAIL_CONTROL
using yielded = std::string;
#else
using yielded = const std::string&;
#endif

weft::generator<yielded> outer() {
    co_yield weft::from(std::views::iota(0, 3) | std::views::transform([](int i) { return std::to_string(i); }));
}
