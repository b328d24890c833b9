// SPDX-License-Identifier: Apache-2.0
// expect: no matching function for call to 'run_sharded
#include <weft/exec/run_sharded.hpp>

int main() {
    int n = 0;
#ifdef WEFT_COMPILE_FAIL_CONTROL
    const auto f = [n](weft::shard) -> weft::task<int> { co_return n; };
#else
    const auto f = [n](weft::shard) mutable -> weft::task<int> { co_return ++n; };  // on several threads at once
#endif
    (void)weft::run_sharded(2, f);
}
