// SPDX-License-Identifier: Apache-2.0
// What a loop tells of: errors that nobody caught, callbacks that took too long, tasks that nothing can wake any more.
#include "loop/loop_observer.hpp"
#include "loop/report.hpp"

#include <weft/coro/format_exception.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/waiter.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace weft::inline v0 {

namespace {

/// stderr has no buffer, and printf needs no memory for strings.
void say_without_memory(const char* message) noexcept {
    std::fprintf(stderr, "weft: %s (and there is no memory to say more)\n", message);
}

/// In a handler of what it has thrown.
void report_failed_handler() noexcept {
    try {
        std::fprintf(stderr, "weft: exception in the exception handler: %s\n",
                     describe_exception(std::current_exception()).c_str());
    } catch (...) {
        say_without_memory("exception in the exception handler");
    }
}

/// Behind the message, where it is a line; else below.
std::string about(const std::exception_ptr& error) {
    if (!error) return "\n";
    const std::string text = format_exception(error);
    return (text.find('\n') + 1 == text.size() ? ": " : "\n") + text;
}

}  // namespace

void event_loop::call_exception_handler(const error_context& context) noexcept {
    try {
        if (exception_handler_) return exception_handler(exception_handler_)(*this, context);  // it may replace itself
    } catch (...) {
        report_failed_handler();
    }
    try {
        std::string text = "weft: " + context.message;
        if (!context.task.empty() && !context.message.contains(context.task)) text += " (" + context.task + ")";
        text += about(context.exception) + format_stack(context.stack);
        if (context.created_at) text += "The task was created at:\n" + format_stack({*context.created_at});
        std::fputs(text.c_str(), stderr);
    } catch (...) {
        if (!context.message.empty()) say_without_memory(context.message.c_str());
    }
}

void report_without_memory(event_loop& loop, const char* message, const error_context& context) noexcept {
    say_without_memory(message);
    if (loop.get_exception_handler()) loop.call_exception_handler(context);  // the default one would say it again
}

void event_loop::on_deadlock() {
    std::vector<std::string> waiting;
    tasks_.for_each([&](task_core& t) {
        std::string line = t.name();
        if (const waiter* w = t.waiting_at()) line += std::string(" waits for ") + w->kind().name;
        waiting.push_back(line + "\n" + format_stack(await_chain(t.kind().outermost(t))));
    });
    throw deadlock_error(std::move(waiting));
}

/// Runs a node, of which an observer is told, or debug mode is on.
void event_loop::run_watched(ready_node& node) {
    if (observer_) observer_->step_begins(task_core::from(node));
    if (debug_) {
        run_timed(node);
    } else {
        node.run(node);
    }
    if (observer_) observer_->step_ended();  // another one, perhaps
}

/// Runs a node and reports it if it kept everything else waiting.
void event_loop::run_timed(ready_node& node) {
    task_core* const task = task_core::from(node);
    const std::uint64_t id = task ? task->id() : 0;
    const std::string name = task ? task->name() : "callback";
    std::vector<stack_frame> stack;
    if (task) stack = await_chain(task->kind().outermost(*task));
    const clock::time_point began = clock::now();  // not the loop's clock, which in tests stands still meanwhile
    node.run(node);
    const std::chrono::duration<double> took = clock::now() - began;
    if (took < slow_callback_duration) return;
    tasks_.for_each([&](task_core& t) {  // if it is still there: where it stands now is nearer to what took so long
        if (t.id() == id) stack = await_chain(t.kind().outermost(t));
    });
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", took.count());
    call_exception_handler({.message = "Executing " + name + " took " + seconds + " seconds",
                            .task = task ? name : std::string(),
                            .stack = std::move(stack)});
}

}  // namespace weft::inline v0
