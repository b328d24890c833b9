# SPDX-License-Identifier: Apache-2.0
"""Faults to plant in the engine of the tasks: what is wrong then, in which file, the old text and the new."""
TASK = "src/loop/task_core.cpp"
FUTURE = "src/loop/future_core.cpp"
LOOP = "src/loop/event_loop_tasks.cpp"
HANDLE = "src/loop/handle.cpp"
GATHER = "src/flow/gather.cpp"
GATHER_HEADER = "include/weft/flow/gather.hpp"
WAIT = "src/flow/wait.cpp"
COMPLETED = "src/flow/as_completed.cpp"
SHIELD = "include/weft/flow/shield.hpp"
GROUP = "src/flow/task_group.cpp"
TIMEOUT = "src/flow/timeout.cpp"
WAIT_FOR = "include/weft/flow/wait_for.hpp"
LINE = "include/weft/sync/waiting_line.hpp"
SEMAPHORE = "include/weft/sync/semaphore.hpp"
LOCK = "include/weft/sync/lock.hpp"
EVENT = "include/weft/sync/event.hpp"
CONDITION = "src/sync/condition.cpp"
BARRIER = "src/sync/barrier.cpp"
QUEUE = "src/sync/queue_core.cpp"
QUEUE_HEADER = "include/weft/sync/basic_queue.hpp"

SOURCES = ["src/flow/*.cpp", "src/sync/*.cpp", TASK, FUTURE, LOOP, HANDLE]

FAULTS = [
    # cancellation
    ("a lost uncancel", TASK, "--cancelling_ == 0) clear(requested);", "cancelling_ == 0) clear(requested);"),
    ("uncancel() leaves the request pending", TASK, "if (cancelling_ > 0 && --cancelling_ == 0) clear(requested);",
     "if (cancelling_ > 0) --cancelling_;"),
    ("a swallowed second cancel", TASK, "    if (!waiting_at_) {\n        set(requested);",
     "    if (!waiting_at_) {\n        if (cancelling_ == 1) set(requested);"),
    ("a request is not counted", TASK, "    ++cancelling_;\n", ""),
    ("a request that is passed on is not counted", TASK, "        next->note_request(cancel_message());\n", ""),
    ("the last message counts, not that which ended the wait", TASK, "    if (flags_ & wait_ended) return;", ""),
    ("the message of a request is lost", TASK, "throw cancelled_error(cancel_message());", "throw cancelled_error();"),
    ("a cancellation is raised again and again", TASK,
     "    clear(requested | wait_ended);\n    throw cancelled_error", "    throw cancelled_error"),
    ("a task that is cancelled before it starts runs to its first await", TASK, "if (task.flags_ & requested)",
     "if (false)"),
    ("a cancelled wait leaves the future alone", TASK,
     "    if (kind.stands_for && !task_awaited() && kind.stands_for(*waiting_at_)->cancel(cancel_message())) return;\n", ""),
    # futures and callbacks
    ("a done callback called twice", FUTURE, "{ f(*keep); }", "{ f(*keep); f(*keep); }"),
    ("a removed callback is called all the same", FUTURE,
     "        l->unlink();\n        l->notify(*l, nullptr);\n        return true;", "        return true;"),
    ("a callback added too late is not called", FUTURE, "done_callback::notified(*added, this);",
     "done_callback::notified(*added, nullptr);"),
    ("the message of a future's cancellation is lost", FUTURE, "if (!message.empty()) keep_cancellation",
     "if (false) keep_cancellation"),
    ("a cancelled call is made", HANDLE, "if (!self.cancelled() && ", "if ("),
    ("a context shared instead of copied", LOOP, "context_reference copy = context_to_carry()",
     "context_reference copy = weft::context_to_change()"),
    ("a context copied instead of shared", LOOP, "t.context_to_change() = options.context->core();",
     "t.context_to_change() = std::make_shared<context_core>(*options.context->core());"),
    ("a callback's context shared instead of copied", HANDLE, "context_ = context_to_carry();",
     "context_ = context_to_change();"),
    # gather, wait, shield
    ("gather does not cancel its children", GATHER,
     "if (c.future().cancel(task()->cancel_message())) taken = true;", ""),
    ("gather waits for all before it fails", GATHER, "if (all.first_failed_ || all.pending_ == 0)", "if (all.pending_ == 0)"),
    ("gather loses its cancellation when its children swallow theirs", GATHER,
     "    if (cancel_requested_) throw cancelled_error(task()->cancel_message());\n", ""),
    ("gather fails as the last one failed, not the first", GATHER, "failed && !all.first_failed_ && ", "failed && "),
    ("gather gives the results in the wrong order", GATHER_HEADER, "results.push_back(take_result(f));",
     "results.insert(results.begin(), take_result(f));"),
    ("wait takes a cancelled task for a failed one", WAIT, "!f.cancelled() && f.stored_exception()",
     "f.cancelled() || f.stored_exception()"),
    ("wait ends with the first that is done, whatever is asked for", WAIT,
     "w.options_.return_when == return_when::first_completed ||", "true ||"),
    ("as_completed gives the last one first", COMPLETED, "done_.push_back(done.place)", "done_.push_front(done.place)"),
    ("a shield lets it through", SHIELD, "if (inner.done()) return future<T>(std::move(inner));",
     "if (true) return future<T>(std::move(inner));"),
    ("a shield makes of an error a cancellation", SHIELD, "outer_.set_exception(std::move(error));", "outer_.cancel();"),
    # groups
    ("a group does not cancel its tasks", GROUP, "    for (member& m : members_) m.hook.future().cancel({});\n", ""),
    ("a group does not take its own request back", GROUP,
     "if (parent_cancel_requested_ && parent_->uncancel() == 0) cancellation = nullptr;",
     "if (parent_cancel_requested_) cancellation = nullptr;"),
    ("a group with errors swallows a cancellation from outside", GROUP,
     "        parent_->uncancel();\n        parent_->cancel();\n", ""),
    ("a group keeps only the first error", GROUP, "    errors_.push_back(f.exception());",
     "    if (errors_.empty()) errors_.push_back(f.exception());"),
    ("a group whose body failed lets its tasks run on", GROUP, "    if (error && !aborting_) abort();\n", ""),
    ("a group does not wait for its tasks", GROUP, "while (!members_.empty()) {\n            try",
     "while (false) {\n            try"),
    ("a cancelled group leaves before its tasks", GROUP, "        while (!members_.empty()) {\n            try",
     "        if (!members_.empty()) {\n            try"),
    # timeouts
    ("a timeout that swallows an outer cancel", TIMEOUT, "task_->uncancel() <= cancelling_before_ && is_cancellation(error)",
     "(task_->uncancel(), is_cancellation(error))"),
    ("a timeout does not take its request back", TIMEOUT, "task_->uncancel() <= cancelling_before_",
     "task_->cancelling() <= cancelling_before_ + 1"),
    ("a timeout in a task that is being cancelled lets its own cancellation out", TIMEOUT,
     "t.cancelling_before_ = task_->cancelling();", "t.cancelling_before_ = 0;"),
    ("a rescheduled timeout keeps its old deadline as well", TIMEOUT, "    when_ = when;\n    timer_.unlink();\n",
     "    when_ = when;\n    if (timer_.is_pending()) return;\n"),
    ("wait_for without time takes what is done for late", WAIT_FOR, "if (!f.done()) {", "{"),
    # locks and the like
    ("who waits longest is served last", LINE, "line_->waiting_.push_back(*this);", "line_->waiting_.push_front(*this);"),
    ("a permit leaked on cancel", SEMAPHORE, "        if (s != stage::chosen && s != stage::served) return;\n"
     "        semaphore_->give_back();\n", "        if (s != stage::served) return;\n        semaphore_->give_back();\n"),
    ("a baton not passed", LOCK, "if (s == stage::chosen || s == stage::served) lock_->pass_on();",
     "if (s == stage::served) lock_->pass_on();"),
    ("a newcomer takes a lock that was passed on", LOCK, "if (lock_->state_ != state::free) return false;",
     "if (lock_->state_ == state::locked) return false;"),
    ("an event wakes only one", EVENT, "        is_set_ = true;\n        line_.serve_all();",
     "        is_set_ = true;\n        if (line_waiter* const first = line_.next()) line_.serve(*first);"),
    ("an item promised to a cancelled task reaches nobody", QUEUE_HEADER,
     "if (leave() == stage::chosen) queue_->promise_item();", "leave();"),
    ("a place promised to a cancelled task reaches nobody", QUEUE_HEADER,
     "if (leave() == stage::chosen) queue_->promise_place();", "leave();"),
    ("join() ends with the first task_done()", QUEUE, "if (--unfinished_ == 0) finished_.set();",
     "--unfinished_;\n    finished_.set();"),
    ("a notification is lost with the task that got it", CONDITION, "if (leave() == stage::chosen) condition_.choose(1);",
     "leave();"),
    ("a condition does not take its lock again", CONDITION, "has_lock = co_await regaining(l, error);",
     "has_lock = true;"),
    ("who takes a condition's lock again keeps standing in line when cancelled", CONDITION,
     "        self.leave();\n        self.wake();\n        return false;",
     "        self.leave();\n        self.start();\n        return true;"),
    ("an aborted barrier tells nobody", BARRIER, "    state_ = state::broken;\n    changed_.notify_all();",
     "    state_ = state::broken;"),
    ("a cancelled task still counts at a barrier", BARRIER, "        unlink();\n        barrier_.leave();",
     "        unlink();\n        if (barrier_.state_ != state::filling) barrier_.leave();"),
]
