// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/loop/waiter.hpp>
#include <weft/sync/loop_bound.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace weft::inline v0 {

class waiting_line;

/// A wait in a line: the base of what `co_await` is given by locks, events, queues and channels.
///
///     outside -> waiting -> chosen   its turn has come: the task has been woken and will take what it waited for; until
///                |    |              then that is promised to it, and to be promised to the next one if it does not come
///                |    +---> served   the task has been woken and owes nothing to anybody
///                +-------> outside  cancelled
///
/// Whoever need not wait goes from outside to chosen or served at once. If the line dies, those in it are orphaned.
class line_waiter : public waiter, public list_node {
public:
    /// Stands in line.
    inline void start();
    /// The wait_kind::cancel of those who just go.
    static bool cancel(waiter& w);

protected:
    enum class stage : std::uint8_t { outside, waiting, chosen, served, orphaned, misplaced };

    line_waiter(const wait_kind& kind, waiting_line& line) noexcept : waiter(kind), line_(&line) {}
    ~line_waiter() = default;

    stage at() const noexcept { return stage_; }
    waiting_line& line() const noexcept { return *line_; }

    /// For await_ready(): there is no need to wait.
    inline void is_chosen_at_once() noexcept;
    void is_served_at_once() noexcept { stage_ = stage::served; }

    /// Goes out of the line, if it is in there. @return where it was
    inline stage leave() noexcept;

    /// For await_resume(): raises what stands in the way of being chosen or served.
    /// @throws cancelled_error; invalid_state_error  the line belongs to another loop, or it died
    template <class Self>
    void arrive(this Self& self) {
        if (task_core* const t = self.task(); t && t->must_cancel()) [[unlikely]] {
            self.abandon();  // now: what is awaited may outlive the await
            t->raise_pending_cancellation();
        }
        if (self.stage_ != stage::chosen && self.stage_ != stage::served) [[unlikely]]
            self.fail();
    }
    [[noreturn]] void fail() const;

private:
    friend class waiting_line;
    friend class line_link;
    void wake_up() noexcept { this->wake(); }

    waiting_line* line_;
    stage stage_ = stage::outside;
};

/// Those who wait for one thing, first come, first served.
class waiting_line {
public:
    explicit waiting_line(loop_bound& owner) noexcept : owner_(owner) {}
    waiting_line(const waiting_line&) = delete;
    waiting_line& operator=(const waiting_line&) = delete;
    /// Whoever is in it gets an invalid_state_error.
    ~waiting_line();

    /// The one whose turn is next; null if nobody waits. Passes over those whose tasks have been woken by something else.
    line_waiter* next() const noexcept {
        while (!waiting_.empty()) {
            line_waiter& w = waiting_.front();
            if (w.can_complete()) [[likely]]
                return &w;
            w.unlink();  // its task has been woken by something else, and will not wait here again
        }
        return nullptr;
    }

    /// It is the turn of the next one. @return false if nobody waits
    bool choose() noexcept { return !waiting_.empty() && choose_next(); }
    /// It is the turn of `w`, which waits here or comes from outside.
    void choose(line_waiter& w) noexcept {
        w.unlink();
        bystanders_.push_back(w);
        ++chosen_count_;
        w.stage_ = line_waiter::stage::chosen;
        w.wake_up();
    }
    /// How many have been chosen and have not resumed.
    std::size_t chosen() const noexcept { return chosen_count_; }

    /// `w`, which waits here, has all that it waited for.
    void serve(line_waiter& w) noexcept {
        w.unlink();
        w.stage_ = line_waiter::stage::served;
        w.wake_up();
    }
    void serve_all() noexcept {
        while (!waiting_.empty()) serve(waiting_.front());
    }

private:
    friend class line_waiter;
    friend class line_link;
    bool choose_next() noexcept {
        line_waiter* const w = next();
        if (w) choose(*w);
        return w != nullptr;
    }
    static void orphan(intrusive_list<line_waiter>& list) noexcept;

    loop_bound& owner_;
    mutable intrusive_list<line_waiter> waiting_;  // looking for the next one only drops those who do not wait any more
    // Who does not wait, but is to learn of the line's end: those chosen from waiting_, and the links
    intrusive_list<line_waiter> bystanders_;
    std::size_t chosen_count_ = 0;  // those chosen from waiting_, and those who were chosen at once
};

/// Refers to a line and does not stand in it, but learns of its end. For a task that begins to wait later than the call that
/// made it.
class line_link final : public line_waiter {
public:
    /// @throws invalid_state_error  the loop that the line is bound to runs, and this is not its thread
    explicit line_link(const line_waiter& w);
    line_link(line_link&& other) noexcept;
    /// The task begins. @throws invalid_state_error  what it is to wait for was destroyed
    void require() const {
        if (at() == stage::orphaned) [[unlikely]]
            fail();
    }
};

inline void line_waiter::is_chosen_at_once() noexcept {
    ++line_->chosen_count_;
    stage_ = stage::chosen;
}

inline void line_waiter::start() {
    if (!line_->owner_.bind(loop())) [[unlikely]] {
        stage_ = stage::misplaced;
        return wake();
    }
    stage_ = stage::waiting;
    line_->waiting_.push_back(*this);
}

inline line_waiter::stage line_waiter::leave() noexcept {
    if (is_linked()) unlink();
    if (stage_ == stage::chosen) --line_->chosen_count_;
    return std::exchange(stage_, stage::outside);
}

}  // namespace weft::inline v0
