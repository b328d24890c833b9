// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/exec/blocking_call.hpp>
#include <weft/exec/default_pool.hpp>

namespace weft::inline v0 {

const wait_kind blocking_call_base::kind_ = {
    .name = "call on another thread",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<blocking_call_base&>(w);
            self.abandon();
            self.wake();
            return false;
        },
};

bool blocking_call_base::await_ready() const {
    if (!job_ || job_->was_submitted()) throw invalid_state_error("cannot reuse an already awaited call");
    return false;
}

void blocking_call_base::start() {
    event_loop& here = loop();
    try {
        job_->notify([](void* self) { static_cast<blocking_call_base*>(self)->came_back(); }, this);
        job_->carry(present_variables());
        job_->submit(executor_ ? *executor_ : default_pool(here), here);
    } catch (...) {
        refused_ = std::current_exception();
        wake();
    }
}

void blocking_call_base::came_back() noexcept {
    is_back_ = true;
    wake();
}

void blocking_call_base::check() {
    if (is_back_) return;  // handed over, whatever else has happened: a cancellation waits for the next await
    this->resumed();
    if (refused_) std::rethrow_exception(std::move(refused_));
    if (!job_) throw cancelled_error();  // it was abandoned, and the cancellation has been taken back since
}

}  // namespace weft::inline v0
