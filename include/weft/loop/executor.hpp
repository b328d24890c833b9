// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace weft::inline v0 {

/// A call for an executor to make: on one of its threads run(), then finish(); or refuse() in place of both.
/// The executor touches it no more after that.
class executor_job {
public:
    executor_job* next = nullptr;  ///< the executor's, while it has the job

    /// Makes the call.
    virtual void run() noexcept = 0;
    /// Hands on what came of it. The thread counts as free already: whoever is told may find it so.
    virtual void finish() noexcept = 0;
    /// The executor was shut down and will not make the call.
    virtual void refuse() noexcept = 0;

protected:
    ~executor_job() = default;
};

struct shutdown_options {
    bool wait = true;             ///< block until the threads have ended
    bool cancel_pending = false;  ///< give up the calls that have not begun
};

/// Something that makes blocking calls on threads of its own: a thread_pool. A loop keeps one for to_thread().
/// @thread any  @see concurrent.futures.Executor
class executor {
public:
    executor() = default;
    executor(const executor&) = delete;
    executor& operator=(const executor&) = delete;
    virtual ~executor() = default;

    /// Takes a job; jobs begin in the order in which they were taken.
    /// @throws invalid_state_error  it was shut down; then, as after any exception, the job stays the caller's
    virtual void post(executor_job& job) = 0;

    /// Takes no more jobs. Those it has are made all the same, but for those that are given up.
    virtual void shutdown(shutdown_options options = {}) = 0;

    /// Takes no more jobs, and calls `ended` when all are made and shutdown() would wait for nothing but the exit of its
    /// threads. On any thread, perhaps at once; `ended` may not throw.
    virtual void shutdown_then(std::move_only_function<void()> ended) = 0;
};

}  // namespace weft::inline v0
