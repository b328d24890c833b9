// SPDX-License-Identifier: Apache-2.0
#include "loop/memory_layout.hpp"

#include <weft/base/errors.hpp>
#include <weft/flow/task_group.hpp>
#include <weft/loop/event_loop.hpp>

#include <memory>

namespace weft::inline v0 {

/// One of the tasks.
struct task_group::member : list_node, recycled {
    member(task_group& g, future_core& f) : group(g), hook(f, this, done) {}
    static void done(void* owner, future_core& f) {
        const std::unique_ptr<member> self(static_cast<member*>(owner));
        self->unlink();
        self->group.member_is_done(f);
    }
    task_group& group;
    done_hook hook;
};

/// The parent's wait for the last task.
class task_group::join : public waiter {
public:
    explicit join(task_group& g) noexcept : waiter(kind_), group_(&g) {}
    ~join() { group_->join_ = nullptr; }
    bool await_ready() const noexcept { return group_->members_.empty(); }
    void start() { group_->join_ = this; }
    void await_resume() { this->resumed(); }
    using waiter::wake;

private:
    static const wait_kind kind_;
    task_group* group_;
};

const wait_kind task_group::join::kind_ = {
    .name = "task group",
    .cancel =
        [](waiter& w) {
            static_cast<join&>(w).wake();
            return false;
        },
    .subject = {wait_subject::thing::group,
                {offsetof(join, group_), offsetof(task_group, members_), offsetof(member, hook),
                 memory_layout::future_of_notice}},
};

task_group::task_group(task_group&& unused) {
    if (unused.parent_) throw invalid_state_error("task_group: it has been entered, and cannot be moved");
}

task_group::~task_group() {
    while (!members_.empty()) delete &members_.pop_front();
}

task_group& task_group::entering::await_resume() const {
    if (!task_)
        throw no_running_loop_error("task_group: this coroutine is being stepped by hand, and a group needs a loop");
    if (group_.parent_) throw invalid_state_error("task_group: it has been entered already");
    group_.parent_ = task_;
    return group_;
}

void task_group::require_open() const {
    if (!parent_) throw invalid_state_error("task_group: it has not been entered");
    parent_->loop()->check_thread();
    if (exiting_ && members_.empty()) throw invalid_state_error("task_group: it is finished");
    if (aborting_) throw invalid_state_error("task_group: it is shutting down");
}

void task_group::add(future_core& f) {
    if (f.done()) {
        member_is_done(f);  // it started eagerly
    } else {
        members_.push_back(*new member(*this, f));
    }
}

void task_group::member_is_done(future_core& f) {
    if (join_ && members_.empty()) join_->wake();
    if (f.cancelled() || !f.stored_exception()) return;
    errors_.push_back(f.exception());
    if (aborting_ || parent_cancel_requested_) return;
    abort();
    parent_cancel_requested_ = true;
    parent_->cancel();
}

void task_group::abort() {
    aborting_ = true;
    for (member& m : members_) m.hook.future().cancel({});
}

task<> task_group::exit(std::exception_ptr error) {
    if (co_await with_task() != parent_)
        throw invalid_state_error("task_group: it is left in another task than it was entered in");
    exiting_ = true;
    std::exception_ptr cancellation = is_cancellation(error) ? error : nullptr;
    if (error && !aborting_) abort();
    bool scope_cancelled = false;
    {
        // The cancel scopes around the group do not end its wait: its tasks are cancelled in its place.
        const join_shield to_the_end(parent_, [&](bool cleanup_is_over) {
            scope_cancelled = true;
            if (!aborting_ || cleanup_is_over) abort();
        });
        while (!members_.empty()) {
            try {
                co_await join(*this);
            } catch (const cancelled_error&) {
                if (!aborting_) {
                    cancellation = std::current_exception();
                    abort();
                }
            }
        }
        if (scope_cancelled && !cancellation) cancellation = std::make_exception_ptr(cancelled_error());
    }
    // The group's own request is taken back. If it was the only one, the block was not cancelled from outside.
    if (parent_cancel_requested_ && parent_->uncancel() == 0) cancellation = nullptr;
    if (error && !is_cancellation(error)) errors_.push_back(error);
    if (cancellation && errors_.empty()) std::rethrow_exception(cancellation);
    if (errors_.empty()) co_return;
    if (parent_->cancelling()) {
        // Cancelled from outside as well: the errors leave first, and the cancellation comes at the next await.
        parent_->uncancel();
        parent_->cancel();
    }
    throw exception_group("unhandled errors in a task group", std::move(errors_));
}

}  // namespace weft::inline v0
