// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/frame_memory.hpp>
#include <weft/exec/promised_job.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_handle.hpp>

#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// Makes `node` ready on the loop's thread. @throws invalid_state_error  the loop is closed
void post_to_loop(event_loop& loop, ready_node& node);

/// A coroutine on its way to a loop; then the listener that sends its result back. Owns itself once it is posted.
template <class T>
class coroutine_submission final : public ready_node, public future_listener, public recycled {
public:
    coroutine_submission(task<T> body, event_loop& loop)
        : future_listener(ended), body_(std::move(body)), loop_(loop), context_(context_to_carry()) {
        run = arrived;
    }
    std::future<T> get_future() { return promise_.get_future(); }

private:
    static void arrived(ready_node& node) {
        auto& self = static_cast<coroutine_submission&>(node);
        if (self.loop_.is_closing() || self.loop_.is_ending()) return self.loop_was_closed();
        std::exception_ptr error;
        try {
            task_options options;
            if (self.context_) options.context.emplace(std::move(self.context_));
            create_task_on(self.loop_, std::move(self.body_), std::move(options), {}).state().listen(self);
        } catch (...) {
            error = std::current_exception();
        }
        if (!error) return;
        self.promise_.set_exception(std::move(error));
        delete &self;
    }
    static void ended(future_listener& l, future_core* done) {
        auto& self = static_cast<coroutine_submission&>(l);
        if (!done) return self.loop_was_closed();
        call_into(self.result_, [&]() -> T { return static_cast<future_state<T>&>(*done).take(); });
        // Delivered when the task is gone: what it threw is then the waiting thread's alone.
        self.run = delivered;
        self.loop_.make_ready(self);
    }
    static void delivered(ready_node& node) {
        auto& self = static_cast<coroutine_submission&>(node);
        fulfil(self.promise_, self.result_);
        delete &self;
    }
    void loop_was_closed() {
        promise_.set_exception(std::make_exception_ptr(cancelled_error("the event loop was closed")));
        delete this;
    }

    std::promise<T> promise_;
    result<T> result_;
    task<T> body_;
    event_loop& loop_;
    context_reference context_;  // a copy of the sender's
};

/// Has another thread's loop run a coroutine, from any thread:
///
///     std::future<int> sum = run_coroutine_threadsafe(add(1, 2), loop);
///     int three = sum.get();  // blocks: not on that loop's thread
///
/// The coroutine runs in a copy of the context of who calls this.
/// @return the result to be; what the coroutine throws; cancelled_error if its task is cancelled, or the loop closes before
///     it is done. (A std::future cannot be cancelled: to end the task early give it something to wait for that you can end.)
/// @throws invalid_state_error  the loop is closed, or the task was moved from
/// @thread any, as long as the loop object lives  @see asyncio.run_coroutine_threadsafe, call
template <class T>
std::future<T> run_coroutine_threadsafe(task<T> body, event_loop& loop) {
    if (!body) throw invalid_state_error("run_coroutine_threadsafe: the task was moved from or awaited");
    auto submission = std::make_unique<coroutine_submission<T>>(std::move(body), loop);
    std::future<T> f = submission->get_future();
    post_to_loop(loop, *submission);
    (void)submission.release();
    return f;
}

/// Runs the coroutine `f(args…)`. The callable and the arguments are copied or moved into the task and live as long as it.
template <class F, class... Args>
    requires coroutine_call<F, Args...>
auto run_coroutine_threadsafe(event_loop& loop, F&& f, Args&&... args) {
    return run_coroutine_threadsafe(
        call_keeping<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(f), std::forward<Args>(args)...), loop);
}

}  // namespace weft::inline v0
