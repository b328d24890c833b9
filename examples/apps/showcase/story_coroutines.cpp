// SPDX-License-Identifier: Apache-2.0
// The story, 22 to 26: the two halves together, under a name of their own.
#include "recorder.hpp"
#include "story.hpp"

#include <weft/weft.hpp>

#include <chrono>
#include <thread>

using namespace std::chrono_literals;

namespace showcase {

namespace {

namespace by_hand {

weft::task<int> look_up(recorder& r) {
    lane me(r, "look_up");
    co_return 42;
}

weft::task<int> ask(recorder& r) {
    lane me(r, "ask");
    co_return me.goes_on(co_await me.waits("look_up", look_up(r)));
}

void play(recorder& r) {
    lane me(r, "caller");
    auto coroutine = ask(r);
    me.does("step", "ask");
    if (const auto value = coroutine.step()) me.goes_on(*value);
}

}  // namespace by_hand

namespace by_hand_with_from {

/// What a generator yields that has nothing to say.
struct nothing {};

weft::generator<nothing, void, int> look_up(recorder& r) {
    lane me(r, "look_up");
    me.does("yields", "nothing");
    co_yield nothing();
    me.goes_on();
    co_return 42;
}

weft::generator<nothing, void, int> ask(recorder& r) {
    lane me(r, "ask");
    me.does("hands over", "to look_up");
    const int found = co_yield weft::from(look_up(r));
    co_return me.goes_on(found);
}

void play(recorder& r) {
    lane me(r, "caller");
    auto generator = ask(r);
    me.does("next", "ask");
    if (generator.next()) me.says("not yet");
    me.does("next", "ask");
    if (!generator.next()) me.goes_on(generator.result());
    me.does("next", "ask");
    if (!generator.next()) me.says("the end, as often as one asks");
}

}  // namespace by_hand_with_from

namespace tasks {

weft::task<int> compute(recorder& r, int x, int y) {
    lane me(r, "compute");
    co_await me.waits("20 ms", weft::sleep(20ms));
    me.goes_on();
    co_return x + y;
}

weft::task<> print_sum(recorder& r, int x, int y) {
    lane me(r, "print_sum");
    const int result = co_await me.waits("compute", compute(r, x, y));
    me.goes_on(result);
}

void play(recorder& r) { weft::run(print_sum(r, 1, 2)); }

}  // namespace tasks

namespace blocked {

constexpr auto nap = 40ms;

weft::task<> blocks(recorder& r, std::string name) {
    lane me(r, name);
    me.says("sleeps, and holds the thread");
    std::this_thread::sleep_for(nap);
    co_return;
}

weft::task<> waits(recorder& r, std::string name) {
    lane me(r, name);
    co_await me.waits("40 ms", weft::sleep(nap));
    me.goes_on();
}

weft::task<> both(recorder& r) {
    co_await weft::gather(blocks(r, "blocks 1"), blocks(r, "blocks 2"));
    co_await weft::gather(waits(r, "waits 1"), waits(r, "waits 2"));
}

void play(recorder& r) { weft::run(both(r)); }

}  // namespace blocked

namespace with_and_for {

class shop {
public:
    explicit shop(recorder& r) : recorder_(r) {}
    weft::task<shop&> enter() {
        lane me(recorder_, "shop");
        co_await me.waits("to open", weft::sleep(1ms));
        me.says("is open");
        co_return *this;
    }
    weft::task<bool> exit(std::exception_ptr error) {
        lane me(recorder_, "shop");
        if (error) me.says("hears of an exception");
        co_await me.waits("to close", weft::sleep(1ms));
        me.says("is closed");
        co_return error != nullptr;
    }
    void serve(lane& me, int customer) {
        if (loaves_ == 0) throw std::runtime_error("no bread");
        --loaves_;
        me.says("bread for customer " + std::to_string(customer));
    }

private:
    recorder& recorder_;
    int loaves_ = 2;
};

weft::async_generator<int> customers(recorder& r) {
    lane me(r, "customers");
    for (int n = 1; n <= 3; ++n) {
        co_await me.waits("1 ms", weft::sleep(1ms));
        me.goes_on();
        co_yield me.yields(n);
    }
}

weft::task<> serve_all(recorder& r, shop& open) {
    lane me(r, "baker");
    auto queue = customers(r);
    while (const auto n = co_await me.waits("the next one", queue.next())) {
        me.goes_on(*n);
        open.serve(me, *n);
    }
}

weft::task<> day(recorder& r) {
    co_await weft::with(shop(r), [&r](shop& open) -> weft::task<> { co_await serve_all(r, open); });
}

void play(recorder& r) { weft::run(day(r)); }

}  // namespace with_and_for

constexpr std::string_view here = "story_coroutines.cpp";
constexpr story_step steps[] = {
    {"22_by_hand", "A coroutine run by hand, without a loop: one step, and it has finished.", by_hand::play, here},
    {"23_by_hand_with_from", "The same two functions as generators need a step more.", by_hand_with_from::play, here},
    {"24_tasks", "A coroutine awaits another, that one awaits time, and a loop resumes it.", tasks::play, here},
    {"25_blocked", "Who blocks the thread blocks everybody.", blocked::play, here},
    {"26_with_and_for", "Entering, leaving and asking for the next one may wait as well.", with_and_for::play, here},
};

}  // namespace

std::span<const story_step> steps_with_coroutines() { return steps; }

}  // namespace showcase
