// SPDX-License-Identifier: Apache-2.0
#include "loop/report.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/loop/event_loop.hpp>

#include <cstdio>
#include <optional>
#include <string>
#include <utility>

// What a loop does with its tasks: it takes them in, and destroys those that are left when it closes.

namespace weft::inline v0 {

namespace {

std::optional<stack_frame> place_of_creation(task_core& t) {
    const promise_base* const body = t.kind().outermost(t);
    if (!body || body->created_at().line() == 0) return std::nullopt;
    return to_stack_frame(body->created_at());
}

[[gnu::noinline]] void carry_context_to(task_core& t) {
    if (context_reference copy = context_to_carry()) t.context_to_change() = std::move(copy);
}

}  // namespace

void report_never_awaited(const promise_base& body) noexcept {
    if (!this_thread_loop || !this_thread_loop->get_debug() || this_thread_loop->is_closing()) return;
    report(*this_thread_loop, "a coroutine was never awaited", nullptr, [&](error_context& c) {
        c.stack = await_chain(&body);
        c.message = "coroutine '" + c.stack.front().function + "' was never awaited";
    });
}

void throw_no_running_loop(const char* who) {
    throw no_running_loop_error(std::string(who) + ": no running event loop on this thread");
}

void refuse_new_task(bool started_by_step) {
    throw invalid_state_error(started_by_step ? "create_task: coroutine was already started by step()"
                                              : "create_task: the task was moved from or awaited");
}

void event_loop::admit(task_core& t, future_core& f) {
    check_open();
    check_thread();
    t.join_registry(tasks_, last_task_id_);
    f.add_reference();  // the loop's own, until the task is done
}

void schedule_new_task(event_loop& loop, task_core& t, future_core& f) {
    loop.admit(t, f);
    if (event_loop::may_carry_context()) [[unlikely]]
        carry_context_to(t);
    t.make_ready();
}

void schedule_new_task(event_loop& loop, task_core& t, future_core& f, task_options&& options) {
    loop.admit(t, f);
    if (!options.name.empty()) t.set_name(std::move(options.name));
    if (options.context) {
        t.context_to_change() = options.context->core();
    } else {
        carry_context_to(t);
    }
    if (options.eager_start && this_thread_loop == &loop && !loop.is_closing()) {
        t.start_eagerly();
    } else {
        t.make_ready();
    }
}

void print_stack(const task_core& t) {
    const auto frames = await_chain(t.kind().outermost(const_cast<task_core&>(t)));
    std::fputs(("Stack for " + t.name() + " (innermost await last):\n" + format_stack(frames)).c_str(), stderr);
}

void event_loop::destroy_tasks() {
    // An exception handler may answer each report with a new task, which would be worth a report: not for ever.
    std::size_t reports_left = 2 * tasks_.size() + 16;
    while (tasks_.size() > 0) {  // again, should a destructor have made new ones
        tasks_.for_each([&](task_core& t) {
            if (reports_left > 0) {
                --reports_left;
                report(*this, "Task was destroyed but it is pending", nullptr, [&](error_context& c) {
                    c.task = t.name();
                    c.stack = await_chain(t.kind().outermost(t));
                    c.created_at = place_of_creation(t);
                });
            }
            t.leave_registry();
            t.kind().destroy(t);
        });
    }
}

}  // namespace weft::inline v0
