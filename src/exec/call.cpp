// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/exec/call.hpp>

namespace weft::inline v0 {

const wait_kind loop_call_base::kind_ = {
    .name = "call on another loop",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<loop_call_base&>(w);
            if (!self.job_->withdraw()) {
                self.job_->request_cancel();
                return true;
            }
            self.abandon();
            self.wake();
            return false;
        },
};

bool loop_call_base::await_ready() const {
    if (!job_ || job_->was_submitted()) throw invalid_state_error("cannot reuse an already awaited call");
    return false;
}

void loop_call_base::start() {
    job_->submit(*task()->loop(), [](void* self) { static_cast<loop_call_base*>(self)->wake(); }, this);
}

void loop_call_base::check() {
    if (job_ && job_->is_back()) {
        // What came back is handed over, whatever else has happened: a cancellation waits for the next await.
        if (job_->missed_a_cancellation()) task()->postpone_cancellation();
        return;
    }
    this->resumed();
    throw cancelled_error();  // it was withdrawn, and the cancellation has been taken back since
}

}  // namespace weft::inline v0
