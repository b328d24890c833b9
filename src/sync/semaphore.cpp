// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/sync/semaphore.hpp>

#include <stdexcept>

namespace weft::inline v0 {

const wait_kind semaphore::waiter::kind_ = {.name = "semaphore", .cancel = &line_waiter::cancel};

semaphore::semaphore(std::ptrdiff_t value, std::ptrdiff_t most) : line_(*this), value_(value), most_(most) {
    if (value < 0) throw std::invalid_argument("semaphore: the initial value must not be negative");
}

semaphore::~semaphore() = default;

task<semaphore::guard> semaphore::acquire_awaiter::acquiring(line_link at, semaphore& s) {
    at.require();
    co_return co_await s.acquire();
}

std::optional<semaphore::guard> semaphore::try_acquire() {
    check_caller("semaphore: try_acquire()");
    if (locked()) return std::nullopt;
    --value_;
    return guard(*this);
}

void semaphore::release() {
    check_caller("semaphore: release()");
    if (!give_back()) throw invalid_state_error("semaphore: release() of a permit that is not out: it has them all");
}

bool semaphore::give_back() noexcept {
    if (value_ >= most_) return false;
    if (!line_.choose()) ++value_;
    return true;
}

void semaphore::guard::release() {
    if (!is_linked()) throw invalid_state_error("semaphore guard: release() of a guard that holds nothing");
    unlink();
    semaphore_->release();
}

}  // namespace weft::inline v0
