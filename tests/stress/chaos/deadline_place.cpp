// SPDX-License-Identifier: Apache-2.0
// timeout and wait_for around whatever else there is: what they asked for, they take back; what others asked for stays.
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

namespace stress {

namespace {

class deadline_place final : public place {
public:
    explicit deadline_place(world& w) noexcept : place(w, kind::nested) {}

    weft::task<> visit(visitor v) override {
        // A cancellation that has come, but was not raised yet, would be taken for the timeout's if that has expired when it
        // is: as in CPython, requests made before the block count as known to it.
        co_await weft::yield_now();
        switch (world_.chance().roll(3)) {
            case 0: co_await wait_for_it(v); break;
            case 1: co_await within_a_timeout(v, weft::timeout(world_.a_while())); break;
            default: co_await within_a_timeout(v, weft::timeout(std::nullopt));
        }
    }
    void check_at_end() override {}

private:
    weft::task<> wait_for_it(visitor v) {
        try {
            co_await weft::wait_for(world_.visit_somewhere(v.deeper()), world_.a_while());
        } catch (const weft::timeout_error&) {
        }
    }
    weft::task<> within_a_timeout(visitor v, weft::timeout t) {
        try {
            co_await weft::with(t, [&](weft::timeout& present) -> weft::task<> {
                if (world_.chance().one_in(2)) present.reschedule(weft::get_running_loop().time() + world_.a_while());
                co_await world_.visit_somewhere(v.deeper());
            });
        } catch (const weft::timeout_error&) {
            require(t.expired(), "timeout: it has thrown, and not expired");
        }
    }
};

}  // namespace

void add_deadlines(places& p, world& w) { p.push_back(std::make_unique<deadline_place>(w)); }

}  // namespace stress
