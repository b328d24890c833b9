// SPDX-License-Identifier: Apache-2.0
// The work that the buttons start. It waits more than it works, as programs do.
#include "kinds_of_work.hpp"

#include <weft/weft.hpp>

#include <chrono>
#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;
using weft::task;

namespace showcase {

namespace {

// slow

task<> steep(std::chrono::milliseconds how_long) { co_await weft::sleep(how_long); }

task<> brew_a_cup() {
    co_await steep(1500ms);
    co_await steep(1500ms);
}

// failing

task<> look_on_the_shelf(std::string tea) {
    co_await weft::sleep(300ms);
    throw std::runtime_error("there is no " + tea + " on the shelf");
}

task<> ask_the_kitchen(std::string tea) { co_await look_on_the_shelf(std::move(tea)); }

// parallel

task<> fetch(std::chrono::milliseconds takes) { co_await weft::sleep(takes); }

task<> fetch_five(weft::task_group& group) {
    for (int i = 1; i <= 5; ++i) group.create_task(fetch(3s + 1s * i), {.name = "fetch " + std::to_string(i)});
    co_return;
}

// deadlock

task<> takes_both(weft::lock& first, weft::lock& second) {
    const auto one = co_await first.acquire();
    co_await weft::sleep(100ms);
    const auto other = co_await second.acquire();  // held by the other one, who waits for the first
}

}  // namespace

task<std::string> slow_work() {
    for (int cup = 0; cup < 5; ++cup) co_await brew_a_cup();
    co_return "five cups, one after the other";
}

task<std::string> failing_work() {
    co_await ask_the_kitchen("Darjeeling");
    co_return "never said";
}

task<std::string> parallel_work() {
    co_await weft::with(weft::task_group(), fetch_five);
    co_return "30 seconds of waiting in 8, by five tasks at once";
}

task<std::string> deadlocked_work() {
    weft::lock spoon, cup;
    auto ann = weft::create_task(takes_both(spoon, cup), {.name = "ann"});
    auto ben = weft::create_task(takes_both(cup, spoon), {.name = "ben"});
    co_await weft::gather(ann, ben);
    co_return "never said";
}

task<std::string> blocking_work() {
    std::this_thread::sleep_for(250ms);  // what one must not do: nobody else runs meanwhile
    co_return "held everybody up for a quarter of a second";
}

}  // namespace showcase
