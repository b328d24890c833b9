// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_core.hpp>
#include <weft/loop/waiter.hpp>

namespace weft::inline v0 {

task_core::task_core(const task_kind& kind, event_loop& loop, std::uint64_t id)
    : execution(kind, &loop), slot_(&loop.tasks().add(*this)), id_(id) {
    run = &task_core::run_step;
}

task_core::~task_core() { leave_registry(); }

void task_core::leave_registry() noexcept {
    if (slot_) loop()->tasks().remove(*std::exchange(slot_, nullptr));
}

std::string task_core::name() const {
    return extras_ && !extras_->name.empty() ? extras_->name : "Task-" + std::to_string(id_);
}

task_extras& task_core::extras() {
    if (!extras_) extras_ = std::make_unique<task_extras>();
    return *extras_;
}

bool task_core::cancel(std::string message) {
    if (!slot_) return false;
    ++cancelling_;
    if (!message.empty() || extras_) extras().cancel_message = std::move(message);
    if (!waiting_at_) {
        must_cancel_ = true;
    } else if (!waiting_at_->kind().cancel(*waiting_at_)) {
        wait_was_cancelled_ = true;
    }
    return true;
}

unsigned task_core::uncancel() noexcept {
    if (cancelling_ > 0 && --cancelling_ == 0) must_cancel_ = false;
    return cancelling_;
}

void task_core::raise_cancellation() {
    must_cancel_ = wait_was_cancelled_ = false;
    throw cancelled_error(extras_ ? extras_->cancel_message : std::string());
}

void task_core::make_ready() noexcept {
    waiting_at_ = nullptr;
    if (queued_ || loop()->is_closing()) return;
    queued_ = true;
    set_state(task_state_code::ready);
    loop()->make_ready(*this);
}

void task_core::wake_from_anywhere(execution& e) {
    auto& task = static_cast<task_core&>(e);
    if (event_loop::current() == e.loop()) {
        task.make_ready();
    } else {
        e.loop()->make_ready_threadsafe(task);
    }
}

void task_core::run_step(ready_node& node) {
    auto& task = static_cast<task_core&>(node);
    event_loop& loop = *task.loop();
    task.queued_ = false;
    if (loop.is_closing()) return;  // close() destroys it
    if (!task.started_) {
        task.started_ = true;
        if (task.must_cancel_) {
            task.leave_registry();
            return task.kind().finish_unstarted(task);
        }
    }
    task.set_state(task_state_code::running);
    loop.current_task_ = &task;
    task.kind().resume(task);
    loop.current_task_ = nullptr;
    if (task.finished()) {
        task.leave_registry();
        task.kind().finish(task);
    }
}

void waiter::throw_no_loop() {
    throw no_running_loop_error(
        "no running event loop: this coroutine is being stepped by hand, and what it awaits needs "
        "a loop");
}

}  // namespace weft::inline v0
