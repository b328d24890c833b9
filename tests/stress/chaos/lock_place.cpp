// SPDX-License-Identifier: Apache-2.0
// A lock: one task at a time is inside, whatever becomes of those who wait.
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

namespace stress {

namespace {

class lock_place final : public place {
public:
    using place::place;

    weft::task<> visit(visitor) override {
        switch (world_.chance().roll(5)) {
            case 0: {
                const auto held = co_await lock_.acquire();
                co_await be_inside();
                break;
            }
            case 1: {
                auto held = co_await lock_.acquire();
                co_await be_inside();
                held.release();
                co_await world_.pass_time();
                break;
            }
            case 2:
                if (const auto held = lock_.try_acquire()) co_await be_inside();
                break;
            case 3:
                if (world_.is_torn_down()) break;  // a context whose frame is destroyed is not left
                co_await weft::with(lock_, [this] { return be_inside(); });
                break;
            default: {
                auto first = co_await weft::select(lock_.acquire(), weft::sleep(world_.a_while()));
                if (first.index() == 0) co_await be_inside();
            }
        }
    }

    void check_at_rest() const override { require(!lock_.locked(), "lock: nobody runs, and it is locked"); }
    void check_at_end() override {
        require_equal(inside_, 0, "lock: tasks inside at the end");
        require(lock_.try_acquire().has_value(), "lock: it is not free at the end");
    }

private:
    weft::task<> be_inside() {
        const presence<> here(inside_);
        require_equal(inside_, 1, "lock: tasks inside");
        require(lock_.locked(), "lock: a task is inside, and it is not locked");
        co_await world_.pass_time();
        require_equal(inside_, 1, "lock: tasks inside after a while");
    }

    weft::lock lock_;
    int inside_ = 0;
};

}  // namespace

void add_locks(places& p, world& w) { p.push_back(std::make_unique<lock_place>(w)); }

}  // namespace stress
