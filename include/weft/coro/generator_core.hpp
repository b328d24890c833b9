// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/carried_exception.hpp>
#include <weft/coro/generator_state.hpp>
#include <weft/coro/promise_base.hpp>
#include <weft/coro/traceback.hpp>

#include <coroutine>
#include <exception>
#include <source_location>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// A range that a generator delegates to. It lives in the generator's frame, in the `co_yield from(range)`.
class range_source {
public:
    /// Puts the next element in the generator's place for it. @return false at the end
    bool next() { return next_(*this); }

protected:
    explicit range_source(bool (*next)(range_source&)) noexcept : next_(next) {}
    range_source(const range_source&) = delete;
    range_source& operator=(const range_source&) = delete;
    ~range_source() = default;

private:
    bool (*next_)(range_source&);
};

/// The part of a generator's promise that does not depend on its types: where it stands, what it is resumed with, and
/// the chain of generators that it delegates to.
///
/// A chain is linked by promise_base: who delegates is the awaiter, to whom is the awaited one. Its outermost generator is
/// what somebody holds. The innermost one is resumed directly, so that an element costs the same at any depth; when it has
/// finished, run() goes on with its delegator, so that a chain of any depth needs the stack of one.
///
/// On the common path nothing is told the address of this. The frame of a generator that is used up where it is made is
/// then no memory at all, and a loop over it is a loop: that is why some functions here are static.
class generator_core : public promise_base {
public:
    /// So numbered that what is asked for every element or generator is one comparison.
    enum class stage : unsigned char {
        suspended = 0,  ///< at a co_yield of its own
        iterating = 1,  ///< at a co_yield from(range)
        closed = 2,  ///< the body has ended, or never will begin
        created = 4,  ///< the body has not begun
        delegating = 5,  ///< at a co_yield from(generator)
        running = 6,
    };

    stage at_stage() const noexcept { return stage_; }
    void enter(stage s) noexcept { stage_ = s; }
    /// Whether its own body may be resumed as it is: created or suspended.
    bool may_begin_or_go_on() const noexcept { return (static_cast<unsigned char>(stage_) & 3) == 0; }
    /// Whether nothing but its frame is to be destroyed: suspended, iterating or closed.
    bool goes_by_itself() const noexcept { return stage_ <= stage::closed; }
    /// Its body runs, or one that it delegates to. While the chain stands as it did, only the innermost one is marked.
    /// To be asked of an outermost one: further in, `other_end_` means nothing while delegating. Nobody can ask there, for
    /// from() has taken over the generator object, and that lives in the frame of the one further out.
    bool is_running() const noexcept {
        if (stage_ < stage::delegating) [[likely]]
            return false;
        return stage_ == stage::running || other_end_->stage_ == stage::running;
    }
    generator_state state() const noexcept;

    /// Where the chain stands. Valid in the outermost generator, while it is delegating or iterating.
    generator_core* innermost() const noexcept { return other_end_; }

    /// Who resumes it: not who tries to, while it runs.
    void called_from(const std::source_location& where) noexcept {
        if (!is_running()) caller_ = where;
    }
    /// The chain from here on, the innermost generator last; while this one runs, its caller first.
    std::vector<stack_frame> frames() const;

    // What it is resumed with: nothing, a value, which lives with who resumes it, or an exception

    /// By the body, when it is resumed, first of all.
    void throw_delivered() {
        if (error_) [[unlikely]]
            carried_exception::rethrow(std::exchange(error_, carried_exception()));
    }
    /// By the body, when it is resumed: the value, null if there is none.
    void* take_value() noexcept { return std::exchange(value_, nullptr); }

    /// By the body, at its end, for an exception that came out of it.
    void fail() noexcept {
        error_ = carried_exception::leaving(where());
        stage_ = stage::closed;
    }

    // Delegation, as the body does it

    void delegate_to(generator_core& inner, std::coroutine_handle<>& owner) noexcept {
        link(inner, owner);
        stage_ = stage::delegating;
    }
    /// By the inner one, when the outer one's body goes on. Nothing, if it had finished before it was delegated to.
    void delegated() {
        if (!awaiter()) return;
        awaiter()->awaited_finished();
        delegator()->throw_delivered();
    }
    void iterate(range_source& source) noexcept {
        source_ = &source;
        if (!awaiter()) other_end_ = this;  // else it knows the outermost one already, or shall be told
        stage_ = stage::iterating;
    }

    // Resuming, as who holds the outermost generator does it. Each returns whether there is an element, and throws what
    // comes out of the outermost body.

    /// The outermost body has run to its end. @return false
    bool finish() {
        if (error_) [[unlikely]]
            carried_exception::rethrow(std::exchange(error_, carried_exception()), caller_);
        return false;
    }

    /// The outermost body has just begun to delegate to `inner`.
    static bool begin_delegated(promise_base& inner);
    /// The outermost one is delegating or iterating.
    static bool resume_elsewhere(generator_core& innermost);
    /// The innermost one, which is not the outermost, has been resumed and is not suspended again.
    static bool go_on(generator_core& innermost);
    /// @throws generator_not_started, generator_already_running
    bool resume_with(void* value);
    /// As Python's throw; `error` is not null. @throws generator_already_running
    bool resume_with(std::exception_ptr error);
    /// @return whether the body returned (and did not just let the exit pass)
    /// @throws generator_ignored_exit, generator_already_running
    bool close();

    /// For a generator that goes while it is delegating (destroys what it delegates to) or running (ends the program).
    static void leave(stage at, promise_base* inner) noexcept;

    [[noreturn]] static void throw_already_running();

protected:
    explicit generator_core(bool takes_values) noexcept : takes_values_(takes_values) {
        if (takes_values) value_ = nullptr;
    }
    ~generator_core() = default;

private:
    void deliver(void* value) noexcept { value_ = value; }
    void deliver(std::exception_ptr error) noexcept { error_ = carried_exception(std::move(error)); }
    bool take_from_range();
    bool has_element() const noexcept { return stage_ == stage::suspended || stage_ == stage::iterating; }
    static generator_core* run_on(generator_core* at, generator_core& until);
    static generator_core* run(generator_core& from, generator_core& until);
    static bool stopped(generator_core* yielded, generator_core& outermost);
    static bool run_chain(generator_core& from, generator_core& outermost);
    bool send_delegated(void* value);
    std::exception_ptr close_inner();
    generator_core* delegator() const noexcept { return static_cast<generator_core*>(awaiter()); }

    // The stage says what else is valid. That is not even initialised: a short-lived generator costs what is stored.
    carried_exception error_;
    generator_core* other_end_;  // of the chain: in the outermost one and, when it has yielded, in the innermost
    range_source* source_;  // while iterating
    void* value_;  // in one that takes values
    union {
        std::source_location caller_;  // while running
    };
    stage stage_ = stage::created;
    const bool takes_values_;

protected:
    bool returned_ = false;  // what a generator without a result has for it
};

}  // namespace weft::inline v0
