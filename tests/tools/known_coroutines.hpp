// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

// Coroutines of which everything is known, without anything of weft's in them: the tests read their frames as `weft frames`
// and `weft stack --locals` do. Always compiled with -g.

namespace known {

/// A coroutine that is resumed by hand.
class task {
public:
    struct promise_type {
        int line = 0;  // where it is suspended

        task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int at) noexcept {
            line = at;
            return {};
        }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };

    task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    ~task() {
        if (frame_) frame_.destroy();
    }
    void resume() { frame_.resume(); }
    int line() const { return frame_.promise().line; }
    void* frame() const { return frame_.address(); }

private:
    explicit task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
    std::coroutine_handle<promise_type> frame_;
};

/// Suspends, and notes where.
struct pause {
    int line;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<task::promise_type> frame) noexcept { frame.promise().line = line; }
    void await_resume() const noexcept {}
};

/// Keeps 4 KiB for each connection.
task serve(int port, std::string user, std::string_view greeting);
/// Has a value of every kind.
task hold_values(const long& referred);
/// Suspends by co_await and co_yield in turns.
task take_turns(int rounds);

}  // namespace known
