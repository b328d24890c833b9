// SPDX-License-Identifier: Apache-2.0
#include <weft/sync/barrier.hpp>

#include <limits>

namespace weft::inline v0 {

/// One who has come and not left.
class barrier::inside : public list_node {
public:
    explicit inside(barrier& b) noexcept : barrier_(b) {
        b.inside_.push_back(*this);
        ++b.inside_count_;
    }
    ~inside() {
        if (!is_linked()) return;  // the barrier has gone
        unlink();
        barrier_.leave();
    }

private:
    barrier& barrier_;
};

barrier::barrier(std::ptrdiff_t parties) : parties_(static_cast<std::size_t>(parties)) {
    if (parties < 1) throw std::invalid_argument("barrier: parties must be at least 1");
}

barrier::~barrier() = default;

void barrier::leave() noexcept {
    if (--inside_count_ > 0) return;
    if (state_ == state::resetting || state_ == state::draining) state_ = state::filling;
    changed_.choose(std::numeric_limits<std::size_t>::max());
}

task<std::size_t> barrier::wait() {
    const auto held = co_await changed_.acquire();
    co_await changed_.wait_for([this] { return state_ != state::draining && state_ != state::resetting; });
    if (state_ == state::broken) throw broken_barrier_error("barrier: it was aborted");
    const std::size_t index = inside_count_;
    const inside here(*this);
    if (index + 1 == parties_) {
        state_ = state::draining;
        changed_.notify_all();
        co_return index;
    }
    co_await changed_.wait_for([this] { return state_ != state::filling; });
    if (state_ == state::broken) throw broken_barrier_error("barrier: it was aborted while a task waited");
    if (state_ == state::resetting) throw broken_barrier_error("barrier: it was reset while a task waited");
    co_return index;
}

task<> barrier::reset() {
    const auto held = co_await changed_.acquire();
    state_ = inside_count_ > 0 ? state::resetting : state::filling;
    changed_.notify_all();
}

task<> barrier::abort() {
    const auto held = co_await changed_.acquire();
    state_ = state::broken;
    changed_.notify_all();
}

}  // namespace weft::inline v0
