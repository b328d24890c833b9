// SPDX-License-Identifier: Apache-2.0
// What gdb is to show: one of each kind, in each of its states. All is in place when look() is called.
#include <weft/fiber/create_fiber.hpp>
#include <weft/fiber/fiber_generator.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace app {

weft::task<int> innermost(weft::event& e) {
    co_await e.wait();  // line: innermost
    co_return 1;
}
weft::task<int> outer(weft::event& e) {
    co_return co_await innermost(e);  // line: outer
}

weft::task<> takes_both(weft::lock& first, weft::lock& second) {
    const auto one = co_await first.acquire();
    co_await weft::yield_now();
    const auto two = co_await second.acquire();  // line: takes_both
}
weft::task<> joins(weft::task_handle<int> other) {
    co_await other;  // line: joins
}
weft::task<> gathers(weft::event& e) {
    co_await weft::gather(outer(e), outer(e));  // line: gathers
}
weft::task<> selects(weft::event& e, weft::task_handle<int> other) {
    co_await weft::select(e.wait(), other);  // line: selects
}
weft::task<int> steps() {
    co_await std::suspend_always();  // line: steps
    co_return 2;
}
weft::task<int> awaits_steps() {
    co_return co_await steps();  // line: awaits_steps
}
weft::task<int> answers() { co_return 42; }
weft::task<int> fails() {
    throw std::invalid_argument("no such thing");
    co_return 0;
}
weft::task<> sleeps() { co_await weft::sleep(1h); }

weft::generator<int> count(int from) {
    while (true) co_yield from++;  // line: count
}
weft::generator<int> delegates(int from) {
    co_yield weft::from(count(from));  // line: delegates
}
weft::generator<std::pair<int, int>&> pairs(std::pair<int, int>& p) {
    co_yield p;  // line: pairs
}
weft::generator<int> ranges() {
    co_yield weft::from(std::vector<int>{31, 32});  // line: ranges
}
weft::generator<int, void, int> returns() {
    co_yield 1;
    co_return 7;
}
weft::async_generator<int> ticks() {
    co_await weft::yield_now();
    co_yield 11;  // line: ticks
}

volatile int returned_calls = 0;
void parses(int depth, weft::event& e) {
    if (depth == 0) {
        weft::await(e.wait());  // line: parses
    } else {
        parses(depth - 1, e);  // line: parses_deeper
    }
    returned_calls = returned_calls + 1;
}
void serves(weft::event& e) {
    weft::fiber_generator<int> numbers([&e](auto&) { parses(1, e); });
    numbers.next();  // line: serves
    returned_calls = returned_calls + 1;
}

struct all_there_is {
    weft::task<int> created, suspended, finished, moved_from;
    weft::task_handle<int> waiting, answered, failed;
    weft::task_handle<> left, right, joining, gathering, selecting, cancelled;
    weft::future<int> pending, done;
    weft::future<const int&> refers;
    weft::future<> broken, dropped, none;
    weft::generator<int> unbegun, yielding, delegating, iterating, closed;
    weft::generator<std::pair<int, int>&> referring;
    weft::generator<int, void, int> returned;
    weft::async_generator<int> ticking;
};

volatile int looks = 0;
[[gnu::noinline]] void look(const all_there_is& all) { looks = looks + static_cast<bool>(all.created); }

weft::task<> main_task() {
    weft::event never;
    weft::lock a, b;
    const int number = 5;
    std::pair<int, int> pair(3, 4);
    auto reader = weft::create_task(outer(never), {.name = "reader"});  // line: creates_reader
    all_there_is all{
        .created = outer(never),
        .suspended = awaits_steps(),
        .finished = answers(),
        .moved_from = answers(),
        .waiting = reader,
        .answered = weft::create_task(answers()),
        .failed = weft::create_task(fails()),
        .left = weft::create_task(takes_both(a, b), {.name = "left"}),
        .right = weft::create_task(takes_both(b, a), {.name = "right"}),
        .joining = weft::create_task(joins(reader), {.name = "joining"}),
        .gathering = weft::create_task(gathers(never), {.name = "gathering"}),
        .selecting = weft::create_task(selects(never, reader), {.name = "selecting"}),
        .cancelled = weft::create_task(sleeps()),
        .pending = {},
        .done = {},
        .refers = {},
        .broken = {},
        .dropped = {},
        .none = {},
        .unbegun = count(1),
        .yielding = count(8),
        .delegating = delegates(20),
        .iterating = ranges(),
        .closed = count(1),
        .referring = pairs(pair),
        .returned = returns(),
        .ticking = ticks(),
    };
    all.cancelled.cancel("not needed");
    all.done.set_result(43);
    all.refers.set_result(number);
    all.broken.set_exception(std::runtime_error("out of order"));
    all.dropped.cancel();
    const weft::future<> taken = std::move(all.none);
    const weft::task<int> gone = std::move(all.moved_from);
    all.suspended.step();
    all.finished.step();
    all.yielding.next();
    all.delegating.next();
    all.delegating.next();
    all.iterating.next();
    all.closed.close();
    all.referring.next();
    while (all.returned.next()) {
    }
    co_await all.ticking.next();
    auto parser = weft::create_fiber({.name = "parser"}, [&never] { serves(never); });
    co_await weft::sleep(1ms);  // line: main_task
    look(all);
}

}  // namespace app

int main() {
    weft::run(app::main_task());
    std::puts("no one has looked");
}
