// SPDX-License-Identifier: Apache-2.0
// A barrier: nobody passes before all parties have come, but by a reset.
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

namespace stress {

namespace {

class barrier_place final : public place {
public:
    using place::place;

    weft::task<> visit(visitor) override {
        switch (world_.chance().roll(12)) {
            case 0: co_await barrier_.reset(); break;
            case 1:
                co_await barrier_.abort();
                co_await barrier_.reset();
                break;
            default: co_await meet();
        }
    }
    weft::task<> help() override { return barrier_.reset(); }

    void check_at_rest() const override {
        if (barrier_.broken()) return;  // whoever aborted it was cancelled before reset()
        require(barrier_.n_waiting() < barrier_.parties(), "barrier: all have come, and they wait");
        require_equal(waiting_, static_cast<long long>(barrier_.n_waiting()), "barrier: tasks that wait");
    }
    void check_at_end() override {
        require_equal(waiting_, 0, "barrier: tasks that wait at the end");
        require_equal(static_cast<long long>(barrier_.n_waiting()), 0, "barrier: n_waiting() at the end");
    }

private:
    weft::task<> meet() {
        const presence<> here(waiting_);
        try {
            require(co_await barrier_.wait() < barrier_.parties(), "barrier: wait() gave a number too large");
        } catch (const weft::broken_barrier_error&) {
        }
    }

    weft::barrier barrier_{3};
    int waiting_ = 0;
};

}  // namespace

void add_barriers(places& p, world& w) { p.push_back(std::make_unique<barrier_place>(w)); }

}  // namespace stress
