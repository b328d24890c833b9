// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/async_generator_core.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace weft::inline v0 {

async_generator_core::~async_generator_core() {
    for (async_generator_operation* op : {in_flight_, closer_}) {
        if (!op) continue;
        op->generator_ = nullptr;
        op->generator_was_destroyed_ = true;
    }
    if (closer_) closer_->awaiting_->running_in()->wake();
}

void async_generator_core::destroy() noexcept {
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

async_generator_operation::~async_generator_operation() {
    if (!generator_ || generator_->closer_ != this) return;
    generator_->closer_ = nullptr;  // it waited in line
    generator_->running_in()->interrupt(false);
}

void async_generator_operation::refuse() const {
    static constexpr const char* names[] = {"next", "send", "raise", "close"};
    throw generator_already_running(std::string(names[static_cast<int>(verb_)]) +
                                    "(): asynchronous generator is already running");
}

bool async_generator_operation::await_ready() {
    using stage = async_generator_core::stage;
    if (!generator_) return true;
    stage& at = generator_->stage_;
    switch (at) {
        case stage::closed: error_ = nullptr; return true;
        case stage::running:
            if (verb_ != verb::close || generator_->closer_) refuse();
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
    // It is close(), and another operation is in flight.
    execution& other = *generator_->running_in();
    if (&other == &e) refuse();  // the body closes itself
    generator_->closer_ = this;
    e.suspend_at(awaiting.handle());
    other.interrupt(true);
    return std::noop_coroutine();
}

/// Goes into the generator, which stands at a co_yield or its beginning, with what there is to give.
void async_generator_operation::enter() {
    async_generator_core& g = *generator_;
    const bool first = g.stage_ == async_generator_core::stage::created;
    g.stage_ = async_generator_core::stage::running;
    g.in_flight_ = this;
    g.value_ = value_;
    if (verb_ == verb::close) error_ = std::make_exception_ptr(generator_exit());
    g.error_ = carried_exception(std::exchange(error_, nullptr));
    awaiting_->await(g);
    entered_ = true;
    if (first) g.running_in()->first_iteration(g);
}

/// The operation that this close() has waited for is over.
void async_generator_operation::its_turn() {
    execution& e = *awaiting_->running_in();
    if (generator_->stage_ == async_generator_core::stage::suspended) {
        enter();
        e.suspend_at(generator_->handle());
    }
    e.wake();
}

/// The generator has yielded or finished: notes what came of it.
void async_generator_operation::ended() {
    async_generator_core& g = *generator_;
    awaiting_->awaited_finished();
    yielded_ = g.stage_ == async_generator_core::stage::suspended;
    error_ = std::exchange(g.error_, carried_exception()).take();
    if (!g.closer_) return;
    // close() had it cancelled: that is the end of the iteration, and no cancellation of who iterates.
    const bool by_closer = awaiting_->running_in()->interrupt(false);
    if (!by_closer || !error_) return;
    try {
        std::rethrow_exception(error_);
    } catch (const cancelled_error&) {
        error_ = nullptr;
    } catch (...) {
    }
}

bool async_generator_operation::resumed() {
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
