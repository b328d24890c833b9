// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/generator_core.hpp>

#include <cstdio>
#include <cstdlib>

namespace weft::inline v0 {

generator_state generator_core::state() const noexcept {
    if (is_running()) return generator_state::running;
    switch (stage_) {
        case stage::created: return generator_state::created;
        case stage::running: return generator_state::running;
        case stage::closed: return generator_state::closed;
        case stage::suspended:
        case stage::iterating:
        case stage::delegating: break;
    }
    return generator_state::suspended;
}

std::vector<stack_frame> generator_core::frames() const {
    std::vector<stack_frame> chain = await_chain(this);
    if (is_running()) {
        chain.insert(chain.begin(), {readable_function(caller_.function_name()), caller_.file_name(), caller_.line()});
    }
    return chain;
}

void generator_core::throw_already_running() { throw generator_already_running(); }

// Kept apart from what runs for every element.

/// By one that was iterating, before its body goes on.
/// @return whether the range has another element; if not, the body is to go on
[[gnu::noinline]] bool generator_core::take_from_range() {
    if (error_) return false;
    try {
        if (!source_->next()) return false;
    } catch (...) {
        error_ = carried_exception::current();  // a range that fails does so at the co_yield
        return false;
    }
    stage_ = stage::iterating;
    return true;
}

/// `at` has stopped: runs on, inwards and outwards, until something yields or `until` has finished.
/// @return who yielded; null if `until` has finished, be it with an error
inline generator_core* generator_core::run_on(generator_core* at, generator_core& until) {
    while (!at->has_element()) {
        if (at->stage_ == stage::delegating) {
            if (at == &until) at->stage_ = stage::running;  // as its holder sees it, until something yields
            at = static_cast<generator_core*>(at->awaited());
            if (at->stage_ != stage::created) [[unlikely]] {
                if (at->stage_ == stage::delegating) at = at->other_end_;
                if (at->stage_ == stage::iterating && at->take_from_range()) return at;
            }
        } else {
            if (at == &until) return nullptr;
            generator_core* const outer = at->delegator();
            if (at->error_) [[unlikely]]
                outer->error_ = std::exchange(at->error_, carried_exception());
            at = outer;
        }
        at->handle().resume();  // the body enters another stage before it stops
    }
    return at;
}

/// Resumes `from`, which is `until` or what that delegates to, and runs on.
generator_core* generator_core::run(generator_core& from, generator_core& until) {
    const bool iterating = from.stage_ == stage::iterating;
    until.stage_ = stage::running;
    if (iterating && from.take_from_range()) return &from;
    from.handle().resume();
    return run_on(&from, until);
}

/// The outermost generator, or what it delegates to, has run: notes where the chain stands.
inline bool generator_core::stopped(generator_core* yielded, generator_core& outermost) {
    if (!yielded) return outermost.finish();
    if (yielded != &outermost) {
        outermost.stage_ = stage::delegating;
        outermost.other_end_ = yielded;
        yielded->other_end_ = &outermost;
    }
    return true;
}

bool generator_core::run_chain(generator_core& from, generator_core& outermost) {
    return stopped(run(from, outermost), outermost);
}

bool generator_core::begin_delegated(promise_base& first) {
    auto& inner = static_cast<generator_core&>(first);
    return run_chain(inner.stage_ == stage::delegating ? *inner.other_end_ : inner, *inner.delegator());
}

bool generator_core::resume_elsewhere(generator_core& innermost) {
    if (innermost.stage_ == stage::running) throw_already_running();
    return run_chain(innermost, *innermost.other_end_);
}

bool generator_core::go_on(generator_core& innermost) {
    generator_core& outermost = *innermost.other_end_;
    outermost.stage_ = stage::running;
    return stopped(run_on(&innermost, outermost), outermost);
}

/// The innermost generator that takes values gets it, unless it has handed over to what takes none.
bool generator_core::send_delegated(void* value) {
    generator_core* at = other_end_;
    while (!at->takes_values_) at = at->delegator();
    if (at->stage_ == stage::suspended) {
        at->deliver(value);
    } else {
        at->deliver(std::make_exception_ptr(generator_cannot_send()));
    }
    return run_chain(*at, *this);
}

bool generator_core::resume_with(void* value) {
    if (is_running()) throw_already_running();
    switch (stage_) {
        case stage::closed: return false;
        case stage::created: throw generator_not_started();
        case stage::suspended: deliver(value); return run_chain(*this, *this);
        case stage::iterating:
        case stage::running:
        case stage::delegating: break;
    }
    return send_delegated(value);
}

namespace {

bool is_generator_exit(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const generator_exit&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace

bool generator_core::resume_with(std::exception_ptr error) {
    if (is_running()) throw_already_running();
    switch (stage_) {
        case stage::created: stage_ = stage::closed; [[fallthrough]];
        case stage::closed: std::rethrow_exception(std::move(error));
        case stage::suspended:
        case stage::iterating: deliver(std::move(error)); return run_chain(*this, *this);
        case stage::delegating:
        case stage::running: break;
    }
    if (!is_generator_exit(error)) {
        other_end_->deliver(std::move(error));
        return run_chain(*other_end_, *this);
    }
    std::exception_ptr answer = close_inner();
    deliver(is_generator_exit(answer) ? std::move(error) : std::move(answer));
    return run_chain(*this, *this);
}

/// Closes what this, the outermost generator, delegates to, innermost first.
/// @return what is to be raised here: generator_exit, or an error that came out of the one it delegates to
std::exception_ptr generator_core::close_inner() {
    stage_ = stage::running;
    std::exception_ptr error = std::make_exception_ptr(generator_exit());
    for (generator_core* at = other_end_; at != this; at = at->delegator()) {
        at->deliver(std::move(error));
        if (generator_core* const yielded = run(*at, *at)) {
            if (yielded != at) at->stage_ = stage::delegating;
            error = std::make_exception_ptr(generator_ignored_exit());
        } else if (at->error_) {
            error = std::exchange(at->error_, carried_exception()).take();
            if (is_generator_exit(error))
                error = std::make_exception_ptr(generator_exit());  // `at` has been closed by it
        } else {
            error = std::make_exception_ptr(generator_exit());
        }
    }
    return error;
}

bool generator_core::close() {
    if (is_running()) throw_already_running();
    switch (stage_) {
        case stage::created: stage_ = stage::closed; [[fallthrough]];
        case stage::closed: return false;
        case stage::suspended:
        case stage::iterating:
        case stage::delegating:
        case stage::running: break;
    }
    deliver(stage_ == stage::delegating ? close_inner() : std::make_exception_ptr(generator_exit()));
    try {
        if (run_chain(*this, *this)) throw generator_ignored_exit();
    } catch (const generator_exit&) {
        return false;
    }
    return true;
}

void generator_core::leave(stage at, promise_base* inner) noexcept {
    if (at == stage::delegating) {
        const promise_base* innermost = inner;
        while (innermost->awaited()) innermost = innermost->awaited();
        if (static_cast<const generator_core*>(innermost)->stage_ != stage::running) return destroy_chain(*inner);
    }
    std::fputs("weft: a generator is destroyed while it runs, by its own body or by what that calls\n", stderr);
    std::abort();
}

}  // namespace weft::inline v0
