// SPDX-License-Identifier: Apache-2.0
#include "sync/lock_subject.hpp"

#include <weft/base/errors.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/sync/condition.hpp>

#include <limits>
#include <string>

namespace weft::inline v0 {

/// Waits to be notified. Once it has been, or leaves for another reason, it is among those chosen until wait() ends: so it
/// learns of the condition's end, and passes the notification on if nothing comes of it.
class condition::notification : public line_waiter {
public:
    explicit notification(condition& c) noexcept : line_waiter(kind_, c.line_), condition_(c) {}
    ~notification() {
        if (leave() == stage::chosen) condition_.choose(1);
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!this->suspend(h)) {
            line().choose(*this);
            return false;
        }
        start();
        return true;
    }
    /// What ended the wait early; null if it was notified.
    std::exception_ptr await_resume() noexcept {
        try {
            arrive();
            return nullptr;
        } catch (...) {
            return std::current_exception();
        }
    }
    void abandon() noexcept {}  // the destructor does it

    bool is_orphaned() const noexcept { return at() == stage::orphaned; }
    /// Something comes of it.
    void use() noexcept { leave(); }

private:
    static const wait_kind kind_;
    condition& condition_;  // gone when orphaned
};

const wait_kind condition::notification::kind_ = {
    .name = "condition",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<notification&>(w);
            self.line().choose(self);
            return false;
        },
};

/// Takes the lock again. A cancellation does not end this, but it costs the place in the line, as in asyncio, where the
/// cancelled one asks for the lock anew.
class condition::regaining : public lock::waiter {
public:
    /// @param error  is set to the last cancellation that comes meanwhile
    regaining(lock& l, std::exception_ptr& error) noexcept : lock::waiter(l, kind_), error_(error) {}

    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!this->suspend(h)) {  // a cancellation is pending: it waits nevertheless
            was_cancelled_before_ = true;
            task()->suspend_at(h);
            task()->wait_at(*this);
        }
        start();
        return true;
    }
    /// @return whether it has the lock; if not, it is to be tried again
    bool await_resume() {
        task_core* const t = task();
        const bool pending = t && t->must_cancel();
        if (pending || is_cancelled_) note_cancellation();
        // Cancelled while it stood in line, or when its turn had come:
        if (at() == stage::outside || (pending && !was_cancelled_before_)) {
            abandon();
            return false;
        }
        if (at() != stage::chosen && at() != stage::served) fail();
        leave();
        lock_->become_locked();
        return true;
    }

private:
    void note_cancellation() noexcept {
        try {
            task()->raise_cancellation();
        } catch (...) {
            error_ = std::current_exception();
        }
    }
    static bool leave_line(weft::waiter& w) {
        auto& self = static_cast<regaining&>(w);
        self.is_cancelled_ = true;
        self.leave();
        self.wake();
        return false;
    }
    static const wait_kind kind_;

    std::exception_ptr& error_;
    bool is_cancelled_ = false, was_cancelled_before_ = false;
};

const wait_kind condition::regaining::kind_ = {
    .name = "lock", .cancel = &leave_line, .subject = lock::as_subject(offsetof(regaining, lock_))};

condition::~condition() = default;

void condition::require_locked(const char* what) const {
    check_caller(what);
    if (!locked()) throw invalid_state_error(std::string(what) + ": the lock is not acquired");
}

void condition::choose(std::size_t n) noexcept {
    while (n > 0 && line_.choose()) --n;
}

void condition::notify(std::size_t n) {
    require_locked("condition: notify()");
    choose(n);
}

void condition::notify_all() {
    require_locked("condition: notify_all()");
    choose(std::numeric_limits<std::size_t>::max());
}

task<> condition::wait() {
    require_locked("condition: wait()");
    if (!bind(get_running_loop())) throw invalid_state_error("condition: it is bound to a different event loop");
    notification here(*this);
    lock& l = *lock_;
    lock::holding meanwhile(nullptr);
    l.holding_.move_guard_to(meanwhile);
    l.pass_on();
    std::exception_ptr error = co_await here;
    bool has_lock = false;
    while (!has_lock && !here.is_orphaned()) has_lock = co_await regaining(l, error);
    if (has_lock) {
        meanwhile.move_guard_to(l.holding_);
        if (!here.is_orphaned()) {
            if (error) std::rethrow_exception(std::move(error));
            co_return here.use();
        }
        l.release();  // the condition went while the lock, which is not its own, was taken again
    }
    if (error) std::rethrow_exception(std::move(error));
    throw invalid_state_error("condition: it was destroyed while a task waited for it");
}

}  // namespace weft::inline v0
