// SPDX-License-Identifier: Apache-2.0
// Calls on other loops: who is called does what it is asked once, or, if that was given up in time, never.
#include "stress/chaos/mishap.hpp"
#include "stress/chaos/neighbourhood.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

#include <future>

namespace stress {

namespace {

int ring(house& h, int number) {
    ++h.rung;
    return number;
}
weft::task<int> ring_and_stay(house& h, int number) {
    ++h.rung;
    co_await h.inside.visit_somewhere({.obedient = false, .depth = 2});
    co_return number;
}

/// On a thread without a loop: sends somebody, and has no patience.
void send_and_wait(house& h, presence<std::atomic<int>>) {
    ++h.tried;
    std::future<int> answer = weft::run_coroutine_threadsafe(*h.loop, ring_and_stay, std::ref(h), 9);
    if (answer.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready) return;
    try {
        require_equal(answer.get(), 9, "run_coroutine_threadsafe: the result");
        ++h.heard;
    } catch (const weft::cancelled_error&) {
    }
}

class neighbour_place final : public place {
public:
    neighbour_place(world& w, neighbourhood& n) noexcept : place(w, kind::crowded), neighbours_(n) {}

    weft::task<> visit(visitor v) override {
        house& h = *neighbours_.houses[world_.chance().roll(neighbours_.houses.size())];
        if (h.inside.is_over()) co_return;
        switch (world_.chance().roll(4)) {
            case 0:
                ++h.tried;
                require_equal(co_await weft::call(*h.loop, ring, std::ref(h), 7), 7, "call: the result");
                ++h.heard;
                break;
            case 1:
                if (v.depth > 1) co_return;  // or they would call each other for ever
                ++h.tried;
                require_equal(co_await weft::call(*h.loop, ring_and_stay, std::ref(h), 8), 8, "call: the result");
                ++h.heard;
                break;
            case 2:
                ++h.posted;
                h.loop->call_soon_threadsafe([&h] { ++h.rung; });
                break;
            default:
                if (v.depth > 1) co_return;
                co_await neighbours_.pool.run(send_and_wait, std::ref(h),
                                              presence<std::atomic<int>>(neighbours_.calls));
        }
    }
    void check_at_end() override {}  // that of the houses is looked at when all threads have ended

private:
    neighbourhood& neighbours_;
};

}  // namespace

void add_neighbours(places& p, world& w, neighbourhood& n) { p.push_back(std::make_unique<neighbour_place>(w, n)); }

}  // namespace stress
