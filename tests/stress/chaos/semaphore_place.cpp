// SPDX-License-Identifier: Apache-2.0
// A semaphore, and a bounded one: never more tasks inside than permits, and every permit comes back.
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

namespace stress {

namespace {

template <class Semaphore>
class semaphore_place final : public place {
public:
    using place::place;

    weft::task<> visit(visitor) override {
        switch (world_.chance().roll(5)) {
            case 0: {
                const auto permit = co_await semaphore_.acquire();
                co_await be_inside();
                break;
            }
            case 1: {
                auto permit = co_await semaphore_.acquire();
                co_await be_inside();
                permit.release();
                co_await world_.pass_time();
                break;
            }
            case 2:
                if (const auto permit = semaphore_.try_acquire()) co_await be_inside();
                break;
            case 3:
                if (world_.is_torn_down()) break;  // a context whose frame is destroyed is not left
                co_await weft::with(semaphore_, [this] { return be_inside(); });
                break;
            default: {
                auto first = co_await weft::select(weft::sleep(world_.a_while()), semaphore_.acquire());
                if (first.index() == 1) co_await be_inside();
            }
        }
    }

    void check_at_rest() const override { check_permits(); }
    void check_at_end() override {
        check_permits();
        require_equal(inside_, 0, "semaphore: tasks inside at the end");
    }

private:
    weft::task<> be_inside() {
        const presence<> here(inside_);
        require(inside_ <= permits, "semaphore: more tasks are inside than there are permits");
        co_await world_.pass_time();
    }
    void check_permits() const { require_equal(semaphore_.value(), permits, "semaphore: permits when all are free"); }

    static constexpr int permits = 3;
    Semaphore semaphore_{permits};
    int inside_ = 0;
};

}  // namespace

void add_semaphores(places& p, world& w) {
    p.push_back(std::make_unique<semaphore_place<weft::semaphore>>(w));
    p.push_back(std::make_unique<semaphore_place<weft::bounded_semaphore>>(w));
}

}  // namespace stress
