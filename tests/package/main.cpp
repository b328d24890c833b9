// SPDX-License-Identifier: Apache-2.0
// The smallest program that uses weft, what its tests run on, and the two parts that have headers of their own, for
// package_test.py.
#include <weft/fiber/create_fiber.hpp>
#include <weft/http/url.hpp>
#include <weft/weft.hpp>

weft::task<int> f() {
    co_return co_await weft::create_fiber([] { return weft::http::url("http://localhost:42").port(); });
}

int main() { return weft::run(f()) == 42 && weft::testing::run(f()) == 42 ? 0 : 1; }
