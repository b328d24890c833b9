// SPDX-License-Identifier: Apache-2.0
#include "loop/memory_layout.hpp"

#include <weft/flow/as_completed.hpp>
#include <weft/loop/event_loop.hpp>

namespace weft::inline v0 {

completions::completions(std::span<future_core* const> futures, std::optional<nanos> deadline) : timer_(*this) {
    entries_.reserve(futures.size());  // they stay where they are
    hooks_.reserve(futures.size());
    for (std::size_t i = 0; i < futures.size(); ++i) {
        entries_.push_back({this, i});
        hooks_.emplace_back(*futures[i], &entries_.back(), is_done);
    }
    if (deadline) get_running_loop().add_timer(timer_, *deadline);
}

void completions::is_done(void* e, future_core&) {
    const entry& done = *static_cast<entry*>(e);
    done.owner->done_.push_back(done.place);
    if (done.owner->waiting_) done.owner->waiting_->wake();
}

void completions::expire() noexcept {
    is_over_ = true;
    hooks_.clear();
    if (waiting_) waiting_->wake();
}

const wait_kind completions::next_awaiter::kind_ = {
    .name = "as completed",
    .cancel =
        [](waiter& w) {
            static_cast<next_awaiter&>(w).wake();
            return false;
        },
    .subject = {wait_subject::thing::owned_hooks,
                {offsetof(next_awaiter, completions_), offsetof(completions, hooks_), memory_layout::future_of_notice}},
};

std::size_t completions::next_awaiter::await_resume() {
    this->resumed();
    if (completions_->done_.empty()) throw timeout_error();
    const std::size_t place = completions_->done_.front();
    completions_->done_.pop_front();
    return place;
}

}  // namespace weft::inline v0
