// SPDX-License-Identifier: Apache-2.0
// The story, 01 to 04, 07 and 27: a page that waits for a database, and a ping that waits for nothing.
#include "recorder.hpp"
#include "story.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <barrier>
#include <chrono>
#include <functional>
#include <thread>

using namespace std::chrono_literals;

namespace showcase {

namespace {

namespace one_after_another {

void page(recorder& r) { lane me(r, "page"); }

void ping(recorder& r) { lane me(r, "ping"); }

void play(recorder& r) {
    page(r);
    ping(r);
}

}  // namespace one_after_another

namespace waiting_inside {

int query(recorder& r) {
    lane me(r, "query");
    me.says("the database thinks, and everybody waits");
    std::this_thread::sleep_for(20ms);
    return 42;
}

void page(recorder& r) {
    lane me(r, "page");
    me.does("calls", "query");
    const int rows = query(r);
    me.goes_on(rows);
}

void ping(recorder& r) { lane me(r, "ping"); }

void play(recorder& r) {
    page(r);
    ping(r);
}

}  // namespace waiting_inside

namespace callback {

void page_goes_on(recorder& r, int rows) {
    lane me(r, "page, called back");
    me.says(std::to_string(rows) + " rows");
}

std::jthread query(recorder& r, std::barrier<>& both) {
    return std::jthread([&r, &both] {
        lane me(r, "query, on a thread");
        both.arrive_and_wait();
        std::this_thread::sleep_for(20ms);
        both.arrive_and_wait();
        me.does("calls back", "42");
        page_goes_on(r, 42);
    });
}

std::jthread page(recorder& r, std::barrier<>& both) {
    lane me(r, "page");
    me.does("asks", "query");
    return query(r, both);
}

void ping(recorder& r) { lane me(r, "ping"); }

void play(recorder& r) {
    std::barrier<> both(2);  // each waits there for the other, so that the order is the same in every run
    const std::jthread reader = page(r, both);
    both.arrive_and_wait();
    ping(r);
    both.arrive_and_wait();
}

}  // namespace callback

namespace a_generator {

using request = weft::generator<int, int>;

request page(recorder& r) {
    lane me(r, "page");
    const int rows = me.goes_on(co_yield me.yields(1));  // the number of its question
    me.says(std::to_string(rows) + " rows");
}

void ping(recorder& r) { lane me(r, "ping"); }

void play(recorder& r) {
    lane me(r, "caller");
    request waiting = page(r);
    me.does("next", "page");
    waiting.next();
    const std::jthread reader([&r, &waiting] {
        lane thread(r, "query, on a thread");
        std::this_thread::sleep_for(20ms);
        thread.does("send", "42");
        waiting.send(42);
    });
    ping(r);
}

}  // namespace a_generator

namespace on_a_loop {

weft::task<int> query(recorder& r) {
    lane me(r, "query");
    co_await me.waits("20 ms", weft::sleep(20ms));
    me.goes_on();
    co_return 42;
}

weft::task<> page(recorder& r) {
    lane me(r, "page");
    const int rows = co_await me.waits("query", weft::create_task(query(r)));
    me.goes_on(rows);
}

weft::task<> ping(recorder& r) {
    lane me(r, "ping");
    co_await me.waits("its next turn", weft::yield_now());
    me.goes_on();
}

weft::task<> serve(recorder& r) {
    lane me(r, "serve");
    co_await me.waits("both", weft::gather(page(r), ping(r)));
    me.goes_on();
}

void play(recorder& r) { weft::run(serve(r)); }

}  // namespace on_a_loop

namespace by_fibers {

int query(recorder& r) {
    lane me(r, "query");
    weft::await(me.waits("20 ms", weft::sleep(20ms)));
    me.goes_on();
    return 42;
}

void page(recorder& r) {
    lane me(r, "page");
    const int rows = weft::await(me.waits("query", weft::create_fiber(query, std::ref(r))));
    me.goes_on(rows);
}

void ping(recorder& r) {
    lane me(r, "ping");
    weft::await(me.waits("its next turn", weft::yield_now()));
    me.goes_on();
}

weft::task<> serve(recorder& r) {
    lane me(r, "serve");
    co_await me.waits("both",
                      weft::gather(weft::run_in_fiber(page, std::ref(r)), weft::run_in_fiber(ping, std::ref(r))));
    me.goes_on();
}

void play(recorder& r) { weft::run(serve(r)); }

}  // namespace by_fibers

constexpr std::string_view here = "story_requests.cpp";
constexpr story_step steps[] = {
    {"01_one_after_another", "Two requests, one after the other: nothing goes on at the same time.",
     one_after_another::play, here},
    {"02_waiting_inside", "The first one waits for a database, and everybody behind it waits too.",
     waiting_inside::play, here},
    {"03_callback", "A thread does the waiting and calls back: the rest of the page has become another function.",
     callback::play, here},
    {"04_generator", "A generator can be left in the middle and resumed there: the page is one function again.",
     a_generator::play, here},
    {"07_on_a_loop", "A loop does all that on one thread.", on_a_loop::play, here},
    {"27_fibers", "Ordinary functions wait as well, each on a stack of its own.", by_fibers::play, here},
};

}  // namespace

std::span<const story_step> steps_with_requests() { return steps; }

}  // namespace showcase
