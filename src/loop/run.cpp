// SPDX-License-Identifier: Apache-2.0
#include "coro/shown_trace.hpp"
#include "loop/report.hpp"
#include "loop/signal_inbox.hpp"

#include <weft/coro/format_exception.hpp>
#include <weft/loop/run.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>

namespace weft::inline v0 {

namespace {

/// While it lives, the first SIGINT cancels the main task; the second is the default again and ends the process. What the
/// program has itself for SIGINT comes first: a handler takes its place, a signal_stream holds it off.
class interrupt_guard {
public:
    interrupt_guard(event_loop& loop, task_core& main, bool wanted) : loop_(loop) {
        struct sigaction present{};
        const bool first_thread = ::getpid() == ::syscall(SYS_gettid);
        if (!wanted || !first_thread || ::sigaction(SIGINT, nullptr, &present) != 0 || present.sa_handler != SIG_DFL)
            return;
        loop.add_signal_handler(SIGINT, [this, &main] {
            if (loop_.signals().has_listeners(SIGINT)) return;  // the program deals with it
            interrupted_ = true;
            loop_.remove_signal_handler(SIGINT);
            main.cancel();
        });
        registration_ = loop.signal_registration(SIGINT);
    }
    interrupt_guard(const interrupt_guard&) = delete;
    interrupt_guard& operator=(const interrupt_guard&) = delete;
    ~interrupt_guard() {
        if (registration_ && loop_.signal_registration(SIGINT) == registration_) loop_.remove_signal_handler(SIGINT);
    }
    bool interrupted() const noexcept { return interrupted_; }

private:
    event_loop& loop_;
    std::uint64_t registration_ = 0;
    bool interrupted_ = false;
};

std::atomic<std::terminate_handler> terminate_before = nullptr;

/// A keyboard_interrupt that nobody catches ends the process as the signal would have, and as Python does it: quietly,
/// by SIGINT. Of another exception that has come through coroutines, it is told which. The rest is the previous handler's.
[[noreturn]] void terminate_after_run() {
    try {
        if (const std::exception_ptr uncaught = std::current_exception()) {
            if (!traceback_of(uncaught).empty()) print_exception(uncaught);
            std::rethrow_exception(uncaught);
        }
    } catch (const keyboard_interrupt&) {
        ::signal(SIGINT, SIG_DFL);
        ::raise(SIGINT);
    } catch (...) {
    }
    if (const std::terminate_handler before = terminate_before) before();
    std::abort();
}

/// An exception is about to leave a run, perhaps for the end of the process.
void prepare_for_the_end() noexcept {
    if (std::get_terminate() != terminate_after_run) terminate_before = std::set_terminate(terminate_after_run);
}

[[noreturn]] void throw_keyboard_interrupt() {
    prepare_for_the_end();
    throw keyboard_interrupt();
}

/// Told by each of the tasks that close() has cancelled.
struct countdown {
    struct listener : future_listener {
        explicit listener(countdown& c) noexcept : future_listener(notified), owner(c) {}
        static void notified(future_listener& l, future_core*) {
            countdown& c = static_cast<listener&>(l).owner;
            if (--c.left == 0) c.loop.stop();
        }
        countdown& owner;
    };
    event_loop& loop;
    std::size_t left = 0;
};

/// Cancels every task and runs the loop until they have ended.
void cancel_all_tasks(event_loop& loop) {
    std::vector<future_reference<future_core>> tasks;
    loop.tasks().for_each([&](task_core& t) { tasks.emplace_back(t.kind().future(t)); });
    if (tasks.empty()) return;
    countdown waiting{loop, tasks.size()};
    std::vector<std::unique_ptr<countdown::listener>> listeners;
    for (const auto& t : tasks) {
        listeners.push_back(std::make_unique<countdown::listener>(waiting));
        t->listen(*listeners.back());
        t->cancel({});
    }
    while (waiting.left > 0) loop.run_forever();
    for (const auto& t : tasks) {
        if (!t->stored_exception()) continue;
        t->mark_retrieved();
        const shown_trace its_own(t->stored_exception(), &*t);
        report(loop, "unhandled exception during run() shutdown", t->stored_exception(),
               [&](error_context& c) { c.task = t->task()->name(); });
    }
}

/// How long a run waits for its blocking calls to end: as asyncio's.
constexpr std::chrono::seconds executor_timeout{300};

/// How long the peers of what is still sending may take nothing.
constexpr std::chrono::seconds output_patience{1};

/// Gives streams that were destroyed with bytes unsent the time to send them, as long as some of that goes.
void finish_output(event_loop& loop, nanos timeout) {
    const clock::time_point end = to_time_point(deadline_after(loop.now(), timeout));
    event_loop::finishing_output left = loop.finishing();
    clock::time_point latest = loop.time() + output_patience;
    while (left.resources > 0 && loop.time() < std::min(latest, end)) {
        loop.run_once(std::min(latest, end));
        const event_loop::finishing_output now = loop.finishing();
        if (now.bytes < left.bytes || now.resources < left.resources) latest = loop.time() + output_patience;
        left = now;
    }
}

}  // namespace

runner::runner(run_options options) : options_(options) {}
runner::runner(std::unique_ptr<event_loop> loop, run_options options) : options_(options), loop_(std::move(loop)) {}

runner::~runner() {
    try {
        close();
    } catch (...) {
        if (loop_) {
            report(*loop_, "closing a runner failed", std::current_exception());
        }
    }
}

event_loop& runner::loop() {
    if (!loop_) {
        if (event_loop::current()) throw invalid_state_error("run() cannot be called from a running event loop");
        loop_ = std::make_unique<event_loop>();
        if (options_.debug) loop_->set_debug(*options_.debug);
    }
    if (loop_->is_closed()) throw invalid_state_error("runner is closed");
    return *loop_;
}

void runner::drive(future_core& f, task_core& main) {
    interrupt_guard guard(*loop_, main, options_.handle_sigint);
    loop_->run_until(f);
    if (guard.interrupted() && f.cancelled() && main.uncancel() == 0) throw_keyboard_interrupt();
    if (f.cancelled() || f.stored_exception()) prepare_for_the_end();
}

void runner::close() {
    if (!loop_ || loop_->is_closed()) return;
    loop_->begin_to_end();
    cancel_all_tasks(*loop_);
    std::exception_ptr error;
    const auto carry_out = [&](auto step) {
        try {
            step();
        } catch (...) {
            if (!error) error = std::current_exception();  // what else is to be done is done all the same
        }
    };
    carry_out([&] {
        if (loop_->has_async_generators()) loop_->run_until_complete(loop_->shutdown_asyncgens());
    });
    // While there is an executor: it reads the files that are sent.
    carry_out([&] { finish_output(*loop_, to_nanos(options_.output_timeout)); });
    carry_out([&] {
        if (!loop_->has_default_executor()) return;
        loop_->run_until_complete(loop_->shutdown_default_executor(executor_timeout));
    });
    loop_->report_unsent_output();
    loop_->close();
    if (error) std::rethrow_exception(error);
}

}  // namespace weft::inline v0
