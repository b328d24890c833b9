// SPDX-License-Identifier: Apache-2.0
// The smallest program that uses weft, for package_test.py.
#include <weft/weft.hpp>

weft::task<int> f() { co_return 42; }

int main() { return weft::run(f()) == 42 ? 0 : 1; }
