// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/loop/context_var.hpp>
#include <weft/loop/event_loop.hpp>

#include <algorithm>
#include <atomic>

namespace weft::inline v0 {

namespace {

/// What run_in() has entered on a thread where no loop runs (a worker's call, say).
constinit thread_local context_reference* entered_here = nullptr;

}  // namespace

std::uint64_t next_context_variable() noexcept {
    static constinit std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

const std::shared_ptr<const void>* context_core::find(std::uint64_t variable) const noexcept {
    if (!all) return nullptr;
    for (const entry& e : *all) {
        if (e.variable == variable) return &e.value;
    }
    return nullptr;
}

void context_core::assign(std::uint64_t variable, std::shared_ptr<const void> value) {
    auto changed = all ? std::make_shared<entries>(*all) : std::make_shared<entries>();
    std::erase_if(*changed, [&](const entry& e) { return e.variable == variable; });
    if (value) changed->push_back({variable, std::move(value)});
    all = std::move(changed);
}

const context_core* present_context() noexcept {
    const event_loop* const loop = event_loop::current();
    const context_reference* const place = loop ? loop->present_context() : entered_here;
    return place ? place->get() : nullptr;
}

context_reference& context_to_change() {
    event_loop* const loop = event_loop::current();
    context_reference* const place = loop ? &loop->present_context_to_change() : entered_here;
    if (!place) {
        throw no_running_loop_error(
            "context_var: no running event loop on this thread: set it in a task, or by run_in()");
    }
    if (!*place) *place = std::make_shared<context_core>();
    return *place;
}

context copy_context() {
    context copy;
    if (const context_core* here = present_context()) copy.core()->all = here->all;
    return copy;
}

context_reference context_to_carry() {
    const context_core* const here = present_context();
    return here && !here->empty() ? copy_context().core() : nullptr;
}

entered_context::entered_context(const context& c) : other_(c.core()) {
    if (other_->entered) throw invalid_state_error("run_in: this context is entered already");
    if (event_loop* const loop = event_loop::current()) {
        place_ = &loop->present_context_to_change();
        std::swap(*place_, other_);
        (*place_)->entered = true;
    } else {
        outer_ = std::exchange(entered_here, &other_);
        other_->entered = true;
    }
}

entered_context::~entered_context() {
    if (place_) {
        std::swap(*place_, other_);
    } else {
        entered_here = outer_;
    }
    other_->entered = false;
}

}  // namespace weft::inline v0
