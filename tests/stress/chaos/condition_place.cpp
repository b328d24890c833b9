// SPDX-License-Identifier: Apache-2.0
// A condition: some put tokens down, some pick them up; no notification is lost, and the lock is held around both.
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

namespace stress {

namespace {

class condition_place final : public place {
public:
    using place::place;

    weft::task<> visit(visitor) override { return world_.chance().one_in(2) ? put_down(1) : pick_up(); }
    weft::task<> help() override {
        // As many as are wanted. (None is: whoever would hold the lock may need help elsewhere.)
        if (waiting_ > tokens_) co_await put_down(waiting_ - tokens_);
    }

    void check_at_rest() const override {
        require(!changed_.locked(), "condition: nobody runs, and its lock is locked");
        require(tokens_ == 0 || waiting_ == 0, "condition: a notification was lost");
    }
    void check_at_end() override {
        require_equal(waiting_, 0, "condition: tasks that wait at the end");
        require(changed_.try_acquire().has_value(), "condition: its lock is not free at the end");
    }

private:
    weft::task<> put_down(int n) {
        const auto held = co_await changed_.acquire();
        const presence<> here(inside_);
        co_await world_.pass_time();
        require_equal(inside_, 1, "condition: tasks that hold the lock");
        tokens_ += n;
        changed_.notify(static_cast<std::size_t>(n));
    }
    weft::task<> pick_up() {
        const auto held = co_await changed_.acquire();
        {
            const presence<> here(waiting_);
            co_await changed_.wait_for([this] { return tokens_ > 0; });
        }
        require(changed_.locked(), "condition: a task goes on without the lock");
        const presence<> here(inside_);
        require_equal(inside_, 1, "condition: tasks that hold the lock");
        --tokens_;
    }

    weft::condition changed_;
    int tokens_ = 0, waiting_ = 0, inside_ = 0;
};

}  // namespace

void add_conditions(places& p, world& w) { p.push_back(std::make_unique<condition_place>(w)); }

}  // namespace stress
