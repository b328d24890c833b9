// SPDX-License-Identifier: Apache-2.0
#include "loop/loop_remote.hpp"

#include <weft/loop/event_loop.hpp>

#include <mutex>

namespace weft::inline v0 {

bool loop_remote::post(ready_node& node) noexcept {
    const std::shared_lock held(mutex_);
    if (!loop_) return false;
    loop_->make_ready_threadsafe(node);
    return true;
}

void loop_remote::close() noexcept {
    const std::unique_lock held(mutex_);
    loop_ = nullptr;
}

}  // namespace weft::inline v0
