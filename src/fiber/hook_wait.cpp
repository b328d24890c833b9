// SPDX-License-Identifier: Apache-2.0
#include "fiber/hook_wait.hpp"

#include <cerrno>
#include <cstddef>

weft_hook_parking::weft_hook_parking(weft::event_loop& of) : loop(&of), remote(of.remote()) {
    run = [](weft::ready_node& node) {
        auto& self = static_cast<weft_hook_parking&>(node);
        self.posted.store(false);
        if (self.waiting) self.waiting->end(1);
        self.let_go();
    };
}

void weft_hook_parking::wake() noexcept {
    woken.store(true);
    if (weft::event_loop::current() == loop) {  // if it is another of that address, nobody waits here any more
        if (waiting) waiting->end(1);
        return;
    }
    if (posted.exchange(true)) return;
    hold();
    if (!remote->post(*this)) let_go();
}

namespace weft::inline v0 {

// A span is a pointer and a count.
const wait_kind hook_wait::kind_ = {
    .name = "blocking call",
    .cancel = &cancel,
    .subject = {wait_subject::thing::descriptors,
                {offsetof(hook_wait, descriptors_), offsetof(hook_wait, descriptors_) + sizeof(void*)}}};

hook_wait::hook_wait(weft_hook_parking* p, std::span<const pollfd> descriptors, nanos after)
    : waiter(kind_), timer_node(fired), parking_(p), descriptors_(descriptors), after_(after) {
    if (descriptors.size() > 1) several_ = std::make_unique<descriptor_wait[]>(descriptors.size());
}

void hook_wait::start() {
    if (parking_) {
        parking_->waiting = this;
        if (parking_->woken.load()) return end(1);
    }
    if (after_ >= 0) loop().add_timer(*this, deadline_after(loop().now(), after_));
    for (std::size_t i = 0; i < descriptors_.size(); ++i) {
        if (descriptors_[i].fd < 0) continue;
        if (!hub_) hub_ = &descriptor_hub::of(loop());
        descriptor_wait& w = several_ ? several_[i] : one_;
        w.fd = descriptors_[i].fd;
        w.events = descriptors_[i].events;
        w.owner = this;
        w.tell = [](descriptor_wait& told, int result) { static_cast<hook_wait*>(told.owner)->end(result); };
        // What has no way to tell is always ready for reading and writing; if other things are waited for, they never come.
        if (const int error = hub_->add(w); error && error != -EPERM) return end(error);
    }
}

void hook_wait::abandon() noexcept {
    timer_node::unlink();
    if (parking_ && parking_->waiting == this) parking_->waiting = nullptr;
    if (!hub_) return;
    hub_->remove(one_);
    for (std::size_t i = 0; several_ && i < descriptors_.size(); ++i) hub_->remove(several_[i]);
}

bool hook_wait::cancel(waiter& w) {
    auto& self = static_cast<hook_wait&>(w);
    self.abandon();
    self.wake();
    return false;
}

}  // namespace weft::inline v0
