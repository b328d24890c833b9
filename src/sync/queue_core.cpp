// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/sync/queue_core.hpp>

#include <algorithm>

namespace weft::inline v0 {

const wait_kind queue_core::put_kind_ = {.name = "queue put", .cancel = &line_waiter::cancel};
const wait_kind queue_core::get_kind_ = {.name = "queue get", .cancel = &line_waiter::cancel};
const wait_kind queue_core::join_kind_ = {.name = "queue join", .cancel = &line_waiter::cancel};

queue_core::queue_core(std::size_t maxsize) : getters_(*this), putters_(*this), maxsize_(maxsize) { finished_.set(); }

void queue_core::task_done() {
    check_caller("queue: task_done()");
    if (unfinished_ == 0) throw invalid_state_error("queue: task_done() was called more often than items were put");
    if (--unfinished_ == 0) finished_.set();
}

void queue_core::refuse_put() const {
    if (is_shut_down_) throw queue_shut_down();
    throw queue_full(full() ? "queue is full"
                            : "queue is full: the free places are promised to tasks that have waited");
}

void queue_core::refuse_get() const {
    if (is_shut_down_) throw queue_shut_down();
    throw queue_empty(empty() ? "queue is empty" : "queue is empty: its items are promised to tasks that have waited");
}

void queue_core::shut_down(bool immediate) noexcept {
    is_shut_down_ = true;
    if (immediate) {
        unfinished_ -= std::min(unfinished_, size_);
        size_ = 0;
        if (unfinished_ == 0) finished_.set();
    }
    if (is_drained()) getters_.serve_all();
    putters_.serve_all();
}

}  // namespace weft::inline v0
