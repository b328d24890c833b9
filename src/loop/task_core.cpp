// SPDX-License-Identifier: Apache-2.0
#include "loop/loop_observer.hpp"

#include <weft/base/errors.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>
#include <weft/loop/task_core.hpp>
#include <weft/loop/waiter.hpp>

#include <ctime>

namespace weft::inline v0 {

void task_core::leave_registry() noexcept {
    if (slot_) loop()->tasks().remove(std::exchange(slot_, 0));
}

std::string task_core::name() const {
    return has_extras() && !extras().name.empty() ? extras().name : "Task-" + std::to_string(id());
}

task_state_code task_core::state_code() const noexcept {
    if (loop()->current_task() == this) return task_state_code::running;
    return queued_.load(std::memory_order_relaxed) ? task_state_code::ready : task_state_code::waiting;
}

task_extras& task_core::need_extras() {
    if (!has_extras()) {
        auto added = std::make_unique<task_extras>();
        added->id = id();
        id_or_extras_ = reinterpret_cast<std::uintptr_t>(added.release());
    }
    return extras();
}

void task_core::drop_extras() noexcept { delete &extras(); }

weft::context task_core::shared_context() {
    context_reference& c = need_extras().context;
    if (!c) c = std::make_shared<context_core>();
    return weft::context(c);
}

bool task_core::cancel(std::string message) {
    if (!slot_) return false;  // nor is the loop looked at, which may be gone
    loop()->check_thread();
    note_request(std::move(message));
    if (!waiting_at_) {
        set(requested);
    } else {
        end_wait_here_or_below();
    }
    return true;
}

void task_core::note_request(std::string message) {
    ++cancelling_;
    if (flags_ & wait_ended) return;  // the request that ended the wait has the word
    if (!message.empty() || has_extras()) need_extras().cancel_message = std::move(message);
}

/// The task whose end this one waits for, if that is what it does.
task_core* task_core::task_awaited() const noexcept {
    if (!waiting_at_ || !waiting_at_->kind().stands_for) return nullptr;
    future_core& f = *waiting_at_->kind().stands_for(*waiting_at_);
    return f.done() ? nullptr : f.task();
}

/// A task that awaits another one hands the request on to it, and so on down the line: in a loop, for the line may be
/// long, and it may be a circle.
void task_core::end_wait_here_or_below() {
    task_core* last = this;
    for (task_core* next; (next = last->task_awaited()) && !(next->flags_ & passing_on); last = next) {
        last->set(passing_on);
        next->note_request(cancel_message());
    }
    if (last->waiting_at_) {
        last->end_wait();
    } else {
        last->set(requested);
    }
    for (task_core* t = this; t && t->flags_ & passing_on; t = t->task_awaited()) t->clear(passing_on);
}

/// Ends what this task waits for by a cancellation.
void task_core::end_wait() {
    const wait_kind& kind = waiting_at_->kind();
    if (kind.stands_for && !task_awaited() && kind.stands_for(*waiting_at_)->cancel(cancel_message())) return;
    if (!kind.cancel(*waiting_at_)) set(wait_ended);
}

unsigned task_core::uncancel() noexcept {
    if (cancelling_ > 0 && --cancelling_ == 0) clear(requested);
    return cancelling_;
}

bool task_core::take_back_cancel(unsigned cancelling_before) noexcept {
    uncancel();
    if (cancelling_ > cancelling_before) return false;
    clear(requested | wait_ended);
    return true;
}

void task_core::raise_cancellation() {
    clear(requested | wait_ended);
    throw cancelled_error(cancel_message());
}

const std::string& task_core::cancel_message() const noexcept {
    static const std::string none;
    return has_extras() ? extras().cancel_message : none;
}

std::exception_ptr task_core::cancellation_at_the_end() const {
    return std::make_exception_ptr(cancelled_error(cancel_message()));
}

void task_core::make_ready() noexcept {
    waiting_at_ = nullptr;
    if (queued_.load(std::memory_order_relaxed)) return;
    if (loop()->heeds_wakes()) [[unlikely]] {
        if (loop()->is_closing()) return;
        loop()->observer()->woken(*this, false);
    }
    queued_.store(true, std::memory_order_relaxed);
    loop()->make_ready(*this);
}

void task_core::wake_from_anywhere(execution& e) {
    auto& task = static_cast<task_core&>(e);
    if (event_loop::current() == e.loop()) {
        task.make_ready();
    } else if (!task.queued_.exchange(true, std::memory_order_relaxed)) {
        e.loop()->make_ready_threadsafe(task);
    }
}

task_core* task_core::from(ready_node& node) noexcept {
    const bool is_task = node.run == &task_core::run_step || node.run == &task_core::run_first_step;
    return is_task ? &static_cast<task_core&>(node) : nullptr;
}

void task_core::start_eagerly() {
    task_core* const creator = loop()->current_task();
    run(*this);
    loop()->tasks().set_current(creator);
    if (loop_observer* const o = loop()->observer()) [[unlikely]]
        o->started_eagerly(*this);
}

void task_core::run_first_step(ready_node& node) {
    auto& task = static_cast<task_core&>(node);
    task.run = &run_step;
    if (task.flags_ & requested) [[unlikely]] {
        task.queued_.store(false, std::memory_order_relaxed);
        task.leave_registry();
        return task.kind().finish_unstarted(task);
    }
    run_step(node);
}

inline void task_core::resume_body() {
    if (suspended()) [[likely]] {
        execution::resume();
    } else {
        kind().resume(*this);
    }
}

/// For who looks on: by the thread's CPU time, which is not the loop's clock.
void task_core::resume_measured(task_registry& tasks) {
    const auto cpu_time = [] {
        timespec t{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
    };
    const std::uint64_t before = cpu_time();
    resume_body();
    if (slot_) tasks.add_cpu_time(slot_, cpu_time() - before);
}

void task_core::run_step(ready_node& node) {
    auto& task = static_cast<task_core&>(node);
    task_registry& tasks = task.loop()->tasks();
    task.queued_.store(false, std::memory_order_relaxed);
    tasks.set_current(&task);
    if (tasks.takes_cpu_times()) [[unlikely]] {
        task.resume_measured(tasks);
    } else {
        task.resume_body();
    }
    tasks.set_current(nullptr);
    task.suspended_since_ = tasks.tick();
    if (task.finished()) [[unlikely]] {
        task.leave_registry();
        task.kind().finish(task);
    }
}

void task_core::throw_no_loop() {
    throw no_running_loop_error(
        "no running event loop: this coroutine is being stepped by hand, and what it awaits needs "
        "a loop");
}

}  // namespace weft::inline v0
