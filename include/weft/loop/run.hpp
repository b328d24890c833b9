// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/loop/context.hpp>
#include <weft/loop/event_loop.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace weft::inline v0 {

struct run_options {
    /// Debug mode; if unset, as WEFT_DEBUG=1 in the environment says.
    std::optional<bool> debug = std::nullopt;
    /// SIGINT cancels the main task (on the process's first thread, where the program has not taken SIGINT over).
    bool handle_sigint = true;
    /// At the end: how long, at most, streams and transports that were let go of with bytes unsent go on sending. They are
    /// given up before that when none of them gets a byte away for a second. What is dropped the exception handler hears.
    std::chrono::nanoseconds output_timeout = std::chrono::minutes(1);
};

/// One loop for several runs: streams, servers, background tasks and what context variables are set to live on between
/// them.
/// @see asyncio.Runner
class runner {
public:
    explicit runner(run_options options = {});
    /// Runs on a loop made elsewhere (a virtual clock's, say).
    runner(std::unique_ptr<event_loop> loop, run_options options);
    runner(const runner&) = delete;
    runner& operator=(const runner&) = delete;
    /// Closes; what that throws goes to the exception handler.
    ~runner();

    /// Runs `main` until it is done. The first SIGINT meanwhile cancels it; a second one does what it did before.
    /// @throws what main throws; keyboard_interrupt if SIGINT cancelled it and it let the cancellation pass
    template <class T>
    T run(task<T> main) {
        task_handle<T> handle = create_task_on(loop(), std::move(main), {.context = context_}, {});
        drive(handle.state(), handle.core());
        if constexpr (std::is_void_v<T>) {
            handle.state().take();
        } else {
            return handle.state().take();
        }
    }

    /// run(), then close(): the last run.
    template <class T>
    T run_and_close(task<T> main) {
        if constexpr (std::is_void_v<T>) {
            run(std::move(main));
            close();
        } else {
            T result = run(std::move(main));
            close();
            return static_cast<T>(std::forward<T>(result));
        }
    }

    event_loop& get_loop() { return loop(); }

    /// Cancels the tasks that are left and waits for them, has sent what streams were destroyed with (see
    /// run_options::output_timeout), then closes the loop. Idempotent.
    void close();

private:
    event_loop& loop();
    void drive(future_core& f, task_core& main);

    run_options options_;
    context context_ = copy_context();  // of all its runs
    std::unique_ptr<event_loop> loop_;
};

/// Runs `main` on a loop of its own until it is done, then cancels the tasks that are left, waits for them, has sent what
/// streams were destroyed with, and closes the loop. The way into weft: `int main() { weft::run(main_task()); }`
/// @throws what main throws; keyboard_interrupt (see runner::run); invalid_state_error  a loop runs on this thread
/// @see asyncio.run
template <class T>
T run(task<T> main, run_options options = {}) {
    return runner(std::move(options)).run_and_close(std::move(main));
}

}  // namespace weft::inline v0
