// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/sync/waiting_line.hpp>

#include <string>

namespace weft::inline v0 {

bool line_waiter::cancel(waiter& w) {
    auto& self = static_cast<line_waiter&>(w);
    self.leave();
    self.wake();
    return false;
}

void line_waiter::fail() const {
    const std::string name = kind().name;
    switch (stage_) {
        case stage::misplaced:
            throw invalid_state_error(name + ": what is waited for is bound to a different event loop");
        case stage::orphaned: throw invalid_state_error(name + ": it was destroyed while a task waited for it");
        default:
            throw cancelled_error();  // woken for a cancellation that was taken back since: there is nothing to give
    }
}

line_link::line_link(const line_waiter& w) : line_waiter(w.kind(), *w.line_) {
    // Also without debug mode: here it would not be found out when the task begins.
    line_->owner_.check_thread("create_task(), wait_for() or the like, of a wait for what belongs to a loop,");
    line_->bystanders_.push_back(*this);
}

line_link::line_link(line_link&& other) noexcept : line_waiter(other.kind(), *other.line_) {
    stage_ = other.stage_;
    if (!other.is_linked()) return;
    other.unlink();
    line_->bystanders_.push_back(*this);
}

void waiting_line::orphan(intrusive_list<line_waiter>& list) noexcept {
    while (!list.empty()) {
        line_waiter& w = list.pop_front();
        w.stage_ = line_waiter::stage::orphaned;
        w.wake_up();
    }
}

waiting_line::~waiting_line() {
    orphan(bystanders_);
    orphan(waiting_);
}

}  // namespace weft::inline v0
