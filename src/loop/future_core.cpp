// SPDX-License-Identifier: Apache-2.0
#include "coro/shown_trace.hpp"
#include "loop/report.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/loop/future_core.hpp>

namespace weft::inline v0 {

namespace {

/// A done callback as a listener that owns itself: it goes when it has been called, removed, or is called no more.
class done_callback final : public future_listener, public recycled {
public:
    done_callback(std::move_only_function<void(future_core&)> f, std::optional<context> c, std::uint64_t token)
        : future_listener(notified), call_(std::move(f)), context_(c ? std::move(*c) : copy_context()), token_(token) {}

    static void notified(future_listener& l, future_core* done) {
        const std::unique_ptr<done_callback> self(static_cast<done_callback*>(&l));
        if (!done || !done->loop_or_null() || done->loop().is_closed()) return;
        done->loop().call_soon(
            [f = std::move(self->call_), keep = future_reference<future_core>(*done)]() mutable { f(*keep); },
            self->context_);
    }
    std::uint64_t token() const noexcept { return token_; }

private:
    std::move_only_function<void(future_core&)> call_;
    context context_;  // as it was when it was added
    std::uint64_t token_;
};

}  // namespace

/// Moves the listeners to `first`, in the order in which they came.
void future_core::take_listeners(future_listener*& first) noexcept {
    for (future_listener* l = std::exchange(listeners_, nullptr); l;) {
        future_listener* const before = l->next_;
        l->link_first(first);
        l = before;
    }
}

void future_core::tell(future_listener*& first, future_core* done) noexcept {
    while (future_listener* const l = first) {
        l->unlink();
        l->notify(*l, done);
    }
}

void future_core::tell_listeners(future_core* done) noexcept {
    if (!listeners_->next_) [[likely]] {
        future_listener& only = *listeners_;
        only.unlink();
        return only.notify(only, done);
    }
    future_listener* first = nullptr;
    take_listeners(first);
    tell(first, done);
}

bool future_core::cancel(std::string message) {
    if (done()) return false;
    if (event_loop* const l = loop_or_null()) l->check_thread();
    if (!message.empty()) keep_cancellation(std::make_exception_ptr(cancelled_error(std::move(message))));
    complete(status::cancelled);
    return true;
}

std::uint64_t future_core::add_callback(std::move_only_function<void(future_core&)> f, std::optional<context> c) {
    event_loop* const l = loop_or_null();
    if (!l) return 0;  // nobody is left to call it
    auto* added = new done_callback(std::move(f), std::move(c), l->next_token());
    const std::uint64_t token = added->token();
    if (done()) {
        done_callback::notified(*added, this);
    } else {
        listen(*added);
    }
    return token;
}

bool future_core::remove_callback(std::uint64_t token) noexcept {
    if (done()) return false;
    for (future_listener* l = listeners_; l; l = l->next_) {
        if (l->notify != &done_callback::notified || static_cast<done_callback&>(*l).token() != token) continue;
        l->unlink();
        l->notify(*l, nullptr);
        return true;
    }
    return false;
}

std::exception_ptr future_core::exception() {
    if (!done()) throw invalid_state_error("exception is not set: the future is not done");
    if (cancelled()) throw_cancelled();
    mark_retrieved();
    std::exception_ptr error = stored_exception();
    if (error) restore_trace(error, this);
    return error;
}

void attach_to(event_loop& loop, loop_resource& r) noexcept { loop.attach(r); }

event_loop& future_core::require_loop() const {
    if (event_loop* const l = loop_or_null()) return *l;
    throw invalid_state_error("the event loop of this future is closed");
}

void future_core::require_pending() {
    if (event_loop* const l = loop_or_null()) l->check_thread();
    if (done()) throw invalid_state_error("the future is done already");
    if (task()) throw invalid_state_error("a task's result is its own: it cannot be set");
}

void future_core::throw_not_finished() const {
    if (cancelled()) throw_cancelled();
    throw invalid_state_error("result is not set: the future is not done");
}

void future_core::throw_cancelled() const {
    if (const std::exception_ptr kept = kept_cancellation()) rethrow_kept(kept, this);
    throw cancelled_error();
}

void future_core::throw_failure() {
    mark_retrieved();
    if (cancelled()) throw_cancelled();
    rethrow_kept(stored_exception(), this);
}

std::exception_ptr future_core::cancellation() const {
    const std::exception_ptr kept = kept_cancellation();
    if (!kept) return std::make_exception_ptr(cancelled_error());
    restore_trace(kept, this);
    return kept;
}

void future_core::complete_with_exception(std::source_location created_at) {
    keep_trace(stored_exception(), this);
    status_ = status::finished;
    future_listener* first = nullptr;
    take_listeners(first);
    if (event_loop* const l = loop_or_null()) {
        unretrieved_ = new unretrieved_error(*this, created_at);
        is_unretrieved_ = true;
        l->track(*unretrieved_);
    }
    tell(first, this);
}

void future_core::forget_error() noexcept {
    is_unretrieved_ = false;
    delete unretrieved_;
    listeners_ = nullptr;
}

/// It goes: pending, or with an exception that nobody has seen.
void future_core::report_loss() noexcept {
    report_if_never_retrieved();
    if (!done() && listeners_) tell_listeners(nullptr);
}

void future_core::report_unretrieved() noexcept {
    task_core* const t = task();
    const std::source_location created_at = unretrieved_->created_at;
    const shown_trace its_own(stored_exception(), this);
    const auto tell = [&] {
        report(loop(), t ? "Task exception was never retrieved" : "Future exception was never retrieved",
               stored_exception(), [&](error_context& c) {
                   if (t) c.task = t->name();
                   if (created_at.line() != 0) c.created_at = to_stack_frame(created_at);
               });
    };
    forget_error();
    const context_reference* const its_context = t ? t->context() : nullptr;
    if (its_context && *its_context && !(*its_context)->entered) {
        const entered_context in_the_tasks_context{context(*its_context)};
        return tell();
    }
    tell();
}

}  // namespace weft::inline v0
