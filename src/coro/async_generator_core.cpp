// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/async_generator_core.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace weft::inline v0 {

async_generator_core::~async_generator_core() {
    if (error_) (void)error_.take();  // given to it, and not raised any more
    while (!kept_.empty()) kept_.pop_front().generator_is_gone();
    if (in_flight_) in_flight_->generator_is_gone();
    if (closer_) {
        closer_->generator_is_gone();
        closer_->place_->called();
    }
}

void async_generator_core::destroy() noexcept {
    if (stage_ == stage::created) return destroy_unstarted(*this, handle());
    if (stage_ != stage::running) return handle().destroy();
    execution& e = *running_in();
    promise_base& awaiting = *awaiter();
    if (!e.suspended()) {
        std::fputs("weft: an async generator is destroyed while it runs, by its own body or by what that calls\n",
                   stderr);
        std::abort();
    }
    destroy_chain(*this);
    e.suspend_at(awaiting.handle());  // whose await ends with an error
    e.wake();
}

std::coroutine_handle<> async_generator_core::hand_back() noexcept {
    promise_base& awaiting = *awaiter();
    execution& e = *running_in();
    std::exchange(in_flight_, nullptr)->ended();
    if (closer_) std::exchange(closer_, nullptr)->its_turn();
    return e.transfer_to(awaiting.handle());
}

async_generator_operation::async_generator_operation(async_generator_operation&& other) noexcept
    : generator_(other.generator_),
      value_(other.value_),
      error_(std::move(other.error_)),
      verb_(other.verb_),
      awaited_(std::exchange(other.awaited_, true)) {
    generator_was_destroyed_ = other.generator_was_destroyed_;
    if (generator_) generator_->kept_.push_back(*this);
}

void async_generator_operation::leave_line() noexcept {
    if (!generator_ || generator_->closer_ != this) return;  // it has had its turn, and the generator may have gone
    generator_->closer_ = nullptr;
    generator_ = nullptr;
}

void async_generator_operation::generator_is_gone() noexcept {
    if (entered_ && generator_->interrupted_) take_back_interruption(*generator_);
    generator_ = nullptr;
    generator_was_destroyed_ = true;
}

/// @return whether the task that awaits this has not been cancelled by anybody else meanwhile
bool async_generator_operation::take_back_interruption(async_generator_core& generator) noexcept {
    generator.interrupted_ = false;
    execution& e = *awaiting_->running_in();
    return e.async_generators()->take_back_cancel(e, cancelling_before_);
}

void async_generator_operation::refuse() const {
    static constexpr const char* names[] = {"next", "send", "raise", "close"};
    throw generator_already_running(std::string(names[static_cast<int>(verb_)]) +
                                    "(): asynchronous generator is already running");
}

bool async_generator_operation::is_ready_unless_suspended() {
    using stage = async_generator_core::stage;
    if (std::exchange(awaited_, true))
        throw invalid_state_error("cannot reuse already awaited operation of an async generator");
    unlink();
    if (!generator_) return true;
    stage& at = generator_->stage_;
    switch (at) {
        case stage::closed: error_ = nullptr; return true;
        case stage::running:
            if (verb_ != verb::close || generator_->closer_ || generator_->in_flight_->verb_ == verb::close) refuse();
            return false;
        case stage::suspended: return false;
        case stage::created: break;
    }
    if (verb_ == verb::next) return false;
    if (verb_ == verb::send) throw generator_not_started();
    at = stage::closed;  // the body never runs
    return true;
}

std::coroutine_handle<> async_generator_operation::begin(promise_base& awaiting) {
    awaiting_ = &awaiting;
    execution& e = *awaiting.running_in();
    if (generator_->stage_ != async_generator_core::stage::running) {
        enter();
        return e.transfer_to(generator_->handle());
    }
    wait_in_line(e);
    return std::noop_coroutine();
}

/// It is close(), and another operation is in flight.
void async_generator_operation::wait_in_line(execution& e) {
    execution& other = *generator_->running_in();
    if (&other == &e || !e.async_generators() || !other.async_generators()) refuse();
    e.check_cancellation();
    place_ = e.async_generators()->stand_in_line(*awaiting_, *this);
    generator_->closer_ = this;
    generator_->interrupted_ = true;
    other.async_generators()->cancel(other);
}

/// Goes into the generator, which stands at a co_yield or its beginning, with what there is to give.
void async_generator_operation::enter() {
    async_generator_core& g = *generator_;
    const bool first = g.stage_ == async_generator_core::stage::created;
    g.stage_ = async_generator_core::stage::running;
    g.in_flight_ = this;
    g.value_ = value_;
    if (verb_ == verb::close) error_ = std::make_exception_ptr(generator_exit());
    if (error_) g.error_ = carried_exception(std::exchange(error_, nullptr));
    awaiting_->await(g);
    entered_ = true;
    execution& e = *g.running_in();
    cancelling_before_ = e.cancelling();
    if (first && e.async_generators()) e.async_generators()->first_iteration(e, g);
}

/// The operation that this close() has waited for is over.
void async_generator_operation::its_turn() {
    if (generator_->stage_ == async_generator_core::stage::suspended) {
        enter();
        awaiting_->running_in()->suspend_at(generator_->handle());
    } else {
        generator_ = nullptr;  // has finished, and may go before this does
    }
    place_->called();
}

/// The generator has yielded or finished: notes what came of it.
void async_generator_operation::ended() {
    async_generator_core& g = *std::exchange(generator_, nullptr);  // that may go before this does
    awaiting_->awaited_finished();
    yielded_ = g.stage_ == async_generator_core::stage::suspended;
    if (g.error_) error_ = std::exchange(g.error_, carried_exception()).take();
    if (g.interrupted_) [[unlikely]]
        ended_by_close(g);
}

/// To who iterates that is the end of the iteration, and no cancellation.
void async_generator_operation::ended_by_close(async_generator_core& g) {
    const bool by_nobody_else = take_back_interruption(g);
    if (!by_nobody_else || !error_) return;
    try {
        std::rethrow_exception(error_);
    } catch (const cancelled_error&) {
        error_ = nullptr;
    } catch (...) {
    }
}

bool async_generator_operation::resumed_otherwise() {
    if (place_ && !entered_) place_->resumed();
    if (generator_was_destroyed_ && verb_ != verb::close)
        throw invalid_state_error("the async generator was destroyed while it was awaited");
    if (verb_ == verb::close && entered_) {
        if (yielded_) throw generator_ignored_exit("async generator ignored generator_exit");
        if (!error_) return false;
        try {
            std::rethrow_exception(std::exchange(error_, nullptr));
        } catch (const generator_exit&) {
        }
        return false;
    }
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    return yielded_;
}

}  // namespace weft::inline v0
