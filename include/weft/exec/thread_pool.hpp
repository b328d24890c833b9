// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/exec/blocking_call.hpp>
#include <weft/exec/promised_job.hpp>
#include <weft/loop/executor.hpp>

#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace weft::inline v0 {

/// Threads that make blocking calls for tasks, first come, first served.
///
///     thread_pool pool(4);
///     image small = co_await pool.run(shrink, std::move(large));
///
/// Threads start on demand, a new one only if none is idle, and are named for debuggers ("weft-pool-0"). After fork() a
/// child must make its own: using the parent's throws. @thread any  @see concurrent.futures.ThreadPoolExecutor
class thread_pool final : public executor {
public:
    /// @param max_threads  at least 1; by default the processors that this process may use and 4, at most 32
    /// @param thread_name  the threads' names but for their number; cut to what the system takes, 15 bytes in all
    /// @throws std::invalid_argument  no threads
    explicit thread_pool(std::size_t max_threads = default_threads(), std::string thread_name = "weft-pool");
    /// Makes every call that it has taken and ends its threads, as shutdown() does: it blocks. On a loop's thread await
    /// what is under way first. It does not wait for what shutdown({.wait = false}) has let go.
    ~thread_pool() override;

    /// Calls `f(args…)` on a thread of the pool when it is awaited. All is as with to_thread(). The pool must be there when
    /// it is awaited, and has made the call before its destructor returns.
    /// @throws awaited: what the call throws; invalid_state_error  the pool was shut down; cancelled_error  it was given up
    /// @cancel as to_thread()
    /// @cost one allocation
    template <class F, class... Args>
        requires keepable_call<F, Args...>
    auto run(F&& f, Args&&... args) {
        return make_blocking_call(this, std::forward<F>(f), std::forward<Args>(args)...);
    }

    /// The same for threads that run no loop: begins at once. A call that is given up leaves a cancelled_error.
    /// @throws invalid_state_error, std::system_error
    template <class F, class... Args>
        requires keepable_call<F, Args...>
    auto submit(F&& f, Args&&... args) {
        return submit_promised_job(*this, std::forward<F>(f), std::forward<Args>(args)...);
    }

    void post(executor_job& job) override;

    /// Takes no more calls. Those that it has are made all the same; `cancel_pending` gives up those that have not begun:
    /// whoever awaits one has a cancelled_error. Then waits for the threads to end (but for the one that calls this, if it
    /// is one of them), unless `wait` is false: then they end by themselves. Idempotent.
    void shutdown(shutdown_options options = {}) override;
    void shutdown_then(std::move_only_function<void()> ended) override;

    std::size_t max_threads() const noexcept { return max_threads_; }
    /// Those that have been started.
    std::size_t thread_count() const;

    static std::size_t default_threads() noexcept;

private:
    struct state;
    std::size_t max_threads_;
    std::shared_ptr<state> state_;  // the threads' as well, which may be let go
};

}  // namespace weft::inline v0
