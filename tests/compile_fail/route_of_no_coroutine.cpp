// SPDX-License-Identifier: Apache-2.0
// expect: weft: a handler is a coroutine weft::task<http::response> f\(http::request&\)
#include <weft/http/router.hpp>

namespace http = weft::http;

void add(http::router& routes) {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    routes.get("/", [](http::request&) -> weft::task<http::response> { co_return http::response::text("hello"); });
#else
    routes.get("/", [](http::request&) { return http::response::text("hello"); });
#endif
}
