// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>
#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <utility>

namespace hook_tests {

/// The loop's default executor is one thread, which does nothing until it is let go.
class held_executor {
public:
    held_executor() : pool_(std::make_shared<weft::thread_pool>(1)) {
        held_ = pool_->submit([over = over_.get_future()]() mutable { over.wait(); });
        weft::get_running_loop().set_default_executor(pool_);
    }
    ~held_executor() { let_go(); }
    void let_go() {
        if (std::exchange(is_held_, false)) over_.set_value();
    }

private:
    bool is_held_ = true;
    std::promise<void> over_;
    std::shared_ptr<weft::thread_pool> pool_;
    decltype(std::declval<weft::thread_pool&>().submit([] {})) held_;
};

/// Runs `f` on a fiber of a loop with the world's clock. @return what it gives
template <class F>
auto on_fiber(F f) {
    return weft::run(
        [](F call) -> weft::task<decltype(call())> { co_return co_await weft::create_fiber(call); }(std::move(f)));
}

/// Waits for the end of what was cancelled.
template <class T>
weft::task<> ended(weft::task_handle<T>& h) {
    try {
        co_await h;
    } catch (const weft::cancelled_error&) {
    }
}

struct ends {
    weft::unique_fd a, b;
};
inline ends make_socketpair(int type = SOCK_STREAM) {
    int fds[2] = {-1, -1};
    (void)::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds);
    return {weft::unique_fd(fds[0]), weft::unique_fd(fds[1])};
}
/// `a` is read, `b` written.
inline ends make_pipe() {
    int fds[2] = {-1, -1};
    (void)::pipe2(fds, 0);
    return {weft::unique_fd(fds[0]), weft::unique_fd(fds[1])};
}

}  // namespace hook_tests
