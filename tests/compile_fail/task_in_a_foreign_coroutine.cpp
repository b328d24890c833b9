// SPDX-License-Identifier: Apache-2.0
// expect: weft: a task can be awaited only inside a weft coroutine; elsewhere use weft::run\(\)
#include <weft/coro/task.hpp>

#include <coroutine>
#include <exception>

struct foreign {
    struct promise_type {
        foreign get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

weft::task<> compute();

foreign waits() {
#ifndef WEFT_COMPILE_FAIL_CONTROL
    co_await compute();
#endif
    co_await std::suspend_never();
}
