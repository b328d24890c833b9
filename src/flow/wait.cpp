// SPDX-License-Identifier: Apache-2.0
#include "loop/memory_layout.hpp"

#include <weft/flow/wait.hpp>
#include <weft/loop/event_loop.hpp>

namespace weft::inline v0 {

static_assert(sizeof(return_when) == 4 && static_cast<int>(return_when::all_completed) == 2, "as wait_subject says");

const wait_kind wait_awaiter::kind_ = {
    .name = "wait",
    .cancel =
        [](waiter& w) {
            static_cast<wait_awaiter&>(w).wake();
            return false;
        },
    .subject = {wait_subject::thing::some_hooks,
                {offsetof(wait_awaiter, futures_), memory_layout::future_of_notice,
                 offsetof(wait_awaiter, options_.return_when), offsetof(wait_awaiter, has_timeout_)}},
};

wait_awaiter::wait_awaiter(std::span<future_core* const> futures, const wait_options& options)
    : waiter(kind_), timer_(*this), options_(options), pending_(futures.size()) {
    futures_.reserve(futures.size());
    for (future_core* const f : futures) futures_.emplace_back(*f, this, is_done);
}

void wait_awaiter::start() {
    if (options_.timeout) loop().add_timer(timer_, deadline_after(loop().now(), to_nanos(*options_.timeout)));
}

void wait_awaiter::is_done(void* self, future_core& f) {
    wait_awaiter& w = *static_cast<wait_awaiter*>(self);
    --w.pending_;
    const bool failed = !f.cancelled() && f.stored_exception();
    if (w.pending_ == 0 || w.options_.return_when == return_when::first_completed ||
        (failed && w.options_.return_when == return_when::first_exception)) {
        w.wake();
    }
}

}  // namespace weft::inline v0
