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

// Each is a task that may begin when the barrier has gone

task<std::size_t> barrier::wait() { return waiting(changed_.link(), *this); }
task<> barrier::reset() { return ending(changed_.link(), *this, false); }
task<> barrier::abort() { return ending(changed_.link(), *this, true); }

task<std::size_t> barrier::waiting(line_link at, barrier& b) {
    at.require();
    const auto held = co_await b.changed_.acquire();
    co_await b.changed_.wait_for([&b] { return b.state_ != state::draining && b.state_ != state::resetting; });
    if (b.state_ == state::broken) throw broken_barrier_error("barrier: it was aborted");
    const std::size_t index = b.inside_count_;
    const inside here(b);
    if (index + 1 == b.parties_) {
        b.state_ = state::draining;
        b.changed_.notify_all();
        co_return index;
    }
    co_await b.changed_.wait_for([&b] { return b.state_ != state::filling; });
    if (b.state_ == state::broken) throw broken_barrier_error("barrier: it was aborted while a task waited");
    if (b.state_ == state::resetting) throw broken_barrier_error("barrier: it was reset while a task waited");
    co_return index;
}

task<> barrier::ending(line_link at, barrier& b, bool for_good) {
    at.require();
    const auto held = co_await b.changed_.acquire();
    if (for_good) {
        b.state_ = state::broken;
    } else {
        b.state_ = b.inside_count_ > 0 ? state::resetting : state::filling;
    }
    b.changed_.notify_all();
}

}  // namespace weft::inline v0
