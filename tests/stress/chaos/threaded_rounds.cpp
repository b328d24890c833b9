// SPDX-License-Identifier: Apache-2.0
// The chaos on real loops, each on its thread, that call on each other and on a pool. What is random here is the machine.
#include "stress/chaos/neighbourhood.hpp"
#include "stress/chaos/rounds.hpp"

namespace stress {

namespace {

constexpr std::size_t loops = 3;

/// Nobody acts any more, here or elsewhere: then nobody calls.
weft::task<> until_all_houses_are_still(neighbourhood& n, world& w) {
    co_await w.until_all_are_gone();
    --n.acting;
    while (n.acting > 0 || n.calls > 0) {
        co_await weft::sleep(std::chrono::milliseconds(1));
        co_await w.help_everywhere();
    }
    co_await w.until_all_are_gone();  // those whom threads have sent, and not waited for
}

weft::task<> live(neighbourhood& n, weft::shard here) {
    house& own = *n.houses[here.index()];
    world& w = own.inside;
    weft::get_running_loop().set_exception_handler(
        [&w](weft::event_loop&, const weft::error_context& c) { w.hear(c); });
    weft::current_task().set_name("main");
    own.loop = &here.loop();
    ++n.inhabited;
    while (n.inhabited < loops) co_await weft::sleep(std::chrono::microseconds(100));
    for (int i = 0; i < 10; ++i) w.create_actor();
    const auto trouble = weft::create_task(make_trouble(w, 40), {.name = "trouble"});
    co_await trouble;
    co_await until_all_houses_are_still(n, w);
}

void check_at_end(house& h) {
    h.inside.check_at_end();
    require(h.rung >= h.heard + h.posted, "call: one that was answered, or needed no answer, has not been made");
    require(h.rung <= h.tried + h.posted, "call: one has been made twice");
}

totals live_through(std::uint64_t seed) {
    using namespace std::chrono_literals;
    totals t;
    {
        neighbourhood n;
        dice d(seed);
        n.acting = loops;
        for (std::size_t i = 0; i < loops; ++i) {
            auto& h = n.houses.emplace_back(
                std::make_unique<house>(world::settings{.seed = d.next(), .unit = 50us, .rest = 1ms, .rests = false}));
            add_threads(h->inside.all_places(), h->inside, n);
            add_neighbours(h->inside.all_places(), h->inside, n);
        }
        weft::run_sharded(loops, [&](weft::shard s) -> weft::task<> { co_await live(n, s); });
        n.pool.shutdown();
        require_equal(n.calls, 0, "calls on threads that are left");
        for (const auto& h : n.houses) {
            check_at_end(*h);
            t.add(h->inside);
        }
    }
    return t;
}

}  // namespace

void run_threaded_chaos(const options& o) { run_rounds("threads", o, live_through); }

}  // namespace stress
