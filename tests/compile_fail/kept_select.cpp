// SPDX-License-Identifier: Apache-2.0
// expect-gcc: nothing
// expect-clang: temporary .* will be destroyed at the end of the full-expression
#include <weft/flow/select.hpp>
#include <weft/flow/sleep.hpp>

#pragma GCC diagnostic error "-Wdangling"

weft::task<> waits() {
    using namespace std::chrono_literals;
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_await weft::select(weft::sleep(1s), weft::sleep(2s));
#else
    auto kept = weft::select(weft::sleep(1s), weft::sleep(2s));
    co_await std::move(kept);
#endif
}
