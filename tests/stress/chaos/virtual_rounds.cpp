// SPDX-License-Identifier: Apache-2.0
// The chaos on the virtual clock, in one of three endings. Nothing in it depends on the machine: a seed is a round.
#include "stress/chaos/rounds.hpp"

#include <weft/testing/run.hpp>

namespace stress {

namespace {

enum class ending : std::uint8_t {
    all_leave,  ///< the actors come to their ends
    cancelled,  ///< main ends, and run() cancels who is left
    torn_down,  ///< the loop is closed with all that is in it
};

void listen(weft::event_loop& loop, world& w) {
    loop.set_exception_handler([&w](weft::event_loop&, const weft::error_context& report) { w.hear(report); });
}

weft::task<> live(world& w, ending e) {
    listen(weft::get_running_loop(), w);
    weft::current_task().set_name("main");
    for (int i = 0; i < 20; ++i) w.create_actor();
    const auto trouble = weft::create_task(make_trouble(w, 80), {.name = "trouble"});
    if (e == ending::cancelled) {
        for (std::size_t n = w.chance().roll(40); n > 0; --n) co_await w.pass_time();
        w.end();
    } else {
        co_await trouble;
        co_await w.until_all_are_gone();
    }
}

void tear_down(world& w, std::uint64_t seed) {
    const auto loop = weft::testing::make_virtual_loop({.seed = seed});
    listen(*loop, w);
    const auto main = weft::create_task_on(*loop, live(w, ending::torn_down));
    for (std::size_t turns = w.chance().roll(200); turns > 0 && !main.done(); --turns) loop->run_once();
    w.end();
    loop->close();
}

totals live_through(std::uint64_t seed) {
    dice d(seed);
    const auto e = d.one_in(2) ? ending::all_leave : d.one_in(2) ? ending::cancelled : ending::torn_down;
    world w({.seed = d.next(), .is_torn_down = e == ending::torn_down});
    if (e == ending::torn_down) {
        tear_down(w, seed);
    } else {
        weft::testing::run(live(w, e), {.seed = seed});
    }
    w.check_at_end();
    totals t;
    t.add(w);
    return t;
}

}  // namespace

void run_chaos(const options& o) {
    run_rounds("chaos", o, [](std::uint64_t seed) {
        const totals t = live_through(seed);
        if (seed % 16 == 0) require(live_through(seed) == t, "the same seed has given another round");
        return t;
    });
}

}  // namespace stress
