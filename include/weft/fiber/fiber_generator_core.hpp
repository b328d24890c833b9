// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/frame_memory.hpp>
#include <weft/coro/generator_state.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/fiber/fiber_core.hpp>

#include <exception>
#include <source_location>
#include <typeinfo>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// The part of a fiber_generator that does not depend on its types: its fiber, where it stands, and what is handed over between
/// the body and who asks. Elements and sent values stay on the stack of who has them, which stands still meanwhile.
///
/// Invariant: while the body runs, or waits for something else than to be asked, the parent of the fiber is who asked.
class fiber_generator_core : public recycled {
    friend class fiber_promise;  // looks at the stack of who asks

protected:
    /// What the fiber and who asks it switch to each other with: nobody else can, by mistake.
    struct step {};

public:
    fiber_generator_core(const fiber_options& options, std::source_location made_at)
        : fiber_(options, made_at), where_(made_at) {}
    fiber_generator_core(const fiber_generator_core&) = delete;
    fiber_generator_core& operator=(const fiber_generator_core&) = delete;

    generator_state state() const noexcept { return state_; }
    bool is_running() const noexcept { return state_ == generator_state::running; }
    bool is_closed() const noexcept { return state_ == generator_state::closed; }
    std::source_location where() const noexcept { return where_; }
    bool is_delegating() const noexcept { return state_ == generator_state::suspended && inner_; }
    std::vector<stack_frame> frames() const;

    // As who holds the generator. Each returns whether there is an element, and throws what comes out of the body.

    /// Who asks: not who tries to, while it runs.
    void called_from(std::source_location where) noexcept {
        if (!is_running()) caller_ = where;
    }
    [[gnu::always_inline]] bool next() {
        if (is_running() || is_closed()) [[unlikely]]
            return refuse_or_end();
        return resume();
    }
    /// @throws generator_not_started, generator_already_running
    bool send(void* value);
    /// `error` is not null. @throws generator_already_running
    bool raise(std::exception_ptr error);
    /// @return whether the body returned (and did not just let the exit pass)
    /// @throws generator_ignored_exit, generator_already_running
    bool close();
    /// Where the present element is.
    void* element() const noexcept { return element_; }

    // As the body, on the fiber's stack

    /// Hands out what lies at `element`, and waits until somebody asks again.
    /// @return the value sent; null if there is none, or an exception is to be raised
    /// @throws invalid_state_error  another stack runs than the generator's; fiber_exit  it is being destroyed
    [[gnu::always_inline]] void* yield(void* element, std::source_location where) {
        fiber_core& running = fiber_core::current();
        if (&running != &fiber_) [[unlikely]]
            throw_wrong_stack();
        struct suspended {
            generator_state& state;
            ~suspended() { state = generator_state::running; }
        } const meanwhile{state_};
        state_ = generator_state::suspended;
        element_ = element;
        where_ = where;
        const arrival arrived = running.parent()->switch_here(typeid(step), this, where);
        if (!arrived.value) [[unlikely]]
            fiber_core::raise_arrived(arrived.ended);
        return std::exchange(sent_, nullptr);
    }
    void throw_delivered() {
        if (error_) [[unlikely]]
            std::rethrow_exception(std::exchange(error_, nullptr));
    }

    /// What the body has handed over to, while it has.
    class delegation {
    public:
        /// @param inner  a generator, of whose frames `tell` tells; or null
        delegation(fiber_generator_core& outer, const void* inner,
                   std::vector<stack_frame> (*tell)(const void*)) noexcept
            : outer_(outer), before_(std::exchange(outer.inner_, this)), inner_(inner), frames_(tell) {}
        delegation(const delegation&) = delete;
        delegation& operator=(const delegation&) = delete;
        ~delegation() { outer_.inner_ = before_; }
        std::vector<stack_frame> frames() const { return inner_ ? frames_(inner_) : std::vector<stack_frame>(); }

    private:
        fiber_generator_core& outer_;
        const delegation* const before_;
        const void* const inner_;
        std::vector<stack_frame> (*const frames_)(const void*);
    };

protected:
    ~fiber_generator_core() {
        if (!unwound_) fiber_.~fiber_core();
    }

    fiber_core& fiber() noexcept { return fiber_; }
    /// Its body is entered, for the first time. @throws what has arrived in place of being asked
    void body_begins(arrival first);
    /// Its body has ended, with `error` or without.
    [[noreturn]] void body_ended(std::exception_ptr& error) noexcept;
    /// Unwinds the body where it is suspended: before anything goes that it may touch.
    void leave() noexcept;

private:
    // Inline, as yield() is: behind a switch, each return from a function is one that the processor has foretold wrongly.
    [[gnu::always_inline]] bool resume() {
        fiber_core& here = fiber_core::current();
        if (fiber_.parent() != &here) [[unlikely]]
            belong_to(here);
        fiber_.be_promised(here.promise());  // what it awaits, whoever asks waits for
        const arrival arrived = fiber_.switch_here(typeid(step), this, caller_);
        if (arrived.value && !arrived.ended) [[likely]]
            return true;
        return stopped(arrived);
    }
    void belong_to(fiber_core& who_asks);
    void prepare();
    [[gnu::cold]] bool stopped(arrival arrived);
    bool refuse_or_end() const;
    [[noreturn, gnu::cold]] static void throw_wrong_stack();
    void unwind() noexcept;

    union {
        fiber_core fiber_;  // there until it is unwound: no std::optional, for it is looked at meanwhile
    };
    bool unwound_ = false;
    generator_state state_ = generator_state::created;
    void* element_ = nullptr;
    void* sent_ = nullptr;
    std::exception_ptr error_;  // on its way into the body, or out of it
    const delegation* inner_ = nullptr;
    std::source_location where_;
    std::source_location caller_;
};

}  // namespace weft::inline v0
