// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/coro/task.hpp>
#include <weft/loop/waiter.hpp>

#include <concepts>
#include <initializer_list>
#include <memory>
#include <utility>

namespace weft::inline v0 {

class signal_core;

/// Suspends a task until a signal arrives.
class [[nodiscard("await it")]] signal_awaiter : public waiter, public list_node {
public:
    explicit signal_awaiter(std::shared_ptr<signal_core> s) noexcept : waiter(kind_), signals_(std::move(s)) {}
    ~signal_awaiter() { abandon(); }

    bool await_ready();
    int await_resume();
    void start();
    void abandon() noexcept;

    /// For wait_for(), create_task(), gather() and the like.
    friend weft::task<int> to_task(signal_awaiter&& w);

private:
    friend class signal_core;
    static const wait_kind kind_;

    std::shared_ptr<signal_core> signals_;
    int signal_ = 0;  // given to this one, and not handed over yet
};

/// The signals that the process is sent, as they come, from the moment on when this is made until it is destroyed:
///
///     signal_stream stops(SIGINT, SIGTERM);
///     const int signal = co_await stops.next();
///
/// Meanwhile the process does not do on them what it did before; the last of those who have a signal restores that. Any
/// number of streams may have the same signal, on this loop and others, beside add_signal_handler(): each is told.
/// Destroyed while a task waits for it, or before one that is to wait begins, it has that task throw invalid_state_error.
/// A stream that has SIGINT holds off what run() does on Ctrl-C on its loop.
/// As in the kernel, a signal that arrives again before the one before has been taken is not counted: both are one.
/// @thread its loop's. (Which thread the kernel interrupts does not matter.)  @see signal(7), add_signal_handler
class signal_stream {
public:
    /// @throws std::system_error  no such signal, or one that cannot be caught; no_running_loop_error
    template <std::same_as<int>... Signals>
        requires(sizeof...(Signals) > 0)
    explicit signal_stream(Signals... signals) : signal_stream(std::initializer_list<int>{signals...}) {}
    explicit signal_stream(std::initializer_list<int> signals);
    signal_stream(signal_stream&&) noexcept;
    signal_stream& operator=(signal_stream&&) noexcept;
    ~signal_stream();

    /// Waits for the next signal, in the order of their arrival, and gives its number, which is never 0: the stream has
    /// no end. Of several tasks that wait each gets one, the first the first.
    /// @cancel the signal stays  @cost no allocation  @see sigwaitinfo(2)
    signal_awaiter next();
    /// The next signal if one has come already; else 0.
    int try_next();

private:
    const std::shared_ptr<signal_core>& core() const;
    std::shared_ptr<signal_core> core_;  // its waits have it too, and find it closed once this is gone
};

}  // namespace weft::inline v0
