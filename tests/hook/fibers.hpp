// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>
#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace hook_tests {

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
