// SPDX-License-Identifier: Apache-2.0
// The story, 05 and 06: a wrapper runs the generator, so that its caller need not know that it is one.
#include "recorder.hpp"
#include "story.hpp"

#include <weft/coro/generator.hpp>

#include <barrier>
#include <chrono>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

namespace showcase {

namespace {

/// The query and the ping wait here for each other, so that the order is the same in every run.
using meeting = std::barrier<>;

void ping(recorder& r, meeting& both) {
    lane me(r, "ping");
    both.arrive_and_wait();  // now the query starts
    both.arrive_and_wait();
    me.says("meanwhile");
}

namespace wrapper {

/// A request that can wait: yields the thread it waits for, is sent the answer.
using request = weft::generator<std::jthread, int>;

/// What the program has as globals: here, each visitor has one.
struct globals {
    recorder& r;
    request waiting = request();
    meeting both{2};
};

/// A plain function that runs the generator to its first co_yield.
auto started(request (*function)(globals&)) {
    return [function](globals& all) {
        lane me(all.r, "wrapper");
        all.waiting = function(all);
        me.does("next", "page");
        std::jthread reader = all.waiting.next().value();
        me.says("the page waits: back to the caller");
        return reader;
    };
}

std::jthread query(globals& all) {
    return std::jthread([&all] {
        all.both.arrive_and_wait();
        lane me(all.r, "query, on a thread");
        all.both.arrive_and_wait();
        std::this_thread::sleep_for(20ms);
        all.both.arrive_and_wait();
        me.does("send", "42");
        all.waiting.send(42);
    });
}

const auto page = started([](globals& all) -> request {
    lane me(all.r, "page");
    me.does("yields", "the thread it waits for");
    const int rows = co_yield query(all);
    me.goes_on(rows);
    me.says(std::to_string(rows) + " rows");
});

void play(recorder& r) {
    lane me(r, "caller");
    globals all(r);
    me.does("calls", "page, as a plain function");
    const std::jthread reader = page(all);
    me.does("calls", "ping");
    ping(r, all.both);
    all.both.arrive_and_wait();  // now the query may end
}

}  // namespace wrapper

namespace without_the_global {

/// Something to wait for: yields the answer.
using question = weft::generator<int>;
/// A request that can wait: yields the question, is sent the answer.
using request = weft::generator<question, int>;

/// A plain function that runs the request to its first co_yield, and leaves the rest to a thread.
auto started(request (*function)(recorder&, meeting&)) {
    return [function](recorder& r, meeting& both) {
        lane me(r, "wrapper");
        request waiting = function(r, both);
        me.does("next", "page");
        question asked = waiting.next().value();
        me.says("leaves the rest to a thread");
        return std::jthread([&r, waiting = std::move(waiting), asked = std::move(asked)] mutable {
            lane carrier(r, "wrapper, on a thread");
            carrier.does("next", "query");
            const int answer = carrier.goes_on(asked.next().value());
            carrier.does("send", std::to_string(answer));
            waiting.send(answer);
        });
    };
}

question query(recorder& r, meeting& both) {
    both.arrive_and_wait();
    lane me(r, "query");
    both.arrive_and_wait();
    std::this_thread::sleep_for(20ms);
    both.arrive_and_wait();
    co_yield me.yields(42);
}

const auto page = started([](recorder& r, meeting& both) -> request {
    lane me(r, "page");
    me.does("yields", "its question");
    const int rows = co_yield query(r, both);
    me.goes_on(rows);
    me.says(std::to_string(rows) + " rows");
});

void play(recorder& r) {
    lane me(r, "caller");
    meeting both(2);
    me.does("calls", "page, as a plain function");
    const std::jthread reader = page(r, both);
    me.does("calls", "ping");
    ping(r, both);
    both.arrive_and_wait();  // now the query may end
}

}  // namespace without_the_global

constexpr std::string_view here = "story_wrappers.cpp";
constexpr story_step steps[] = {
    {"05_wrapper", "A wrapper starts the generator, so that the caller sees a plain function.", wrapper::play, here},
    {"06_without_the_global", "The query is a generator too, and the wrapper carries its answer to the page.",
     without_the_global::play, here},
};

}  // namespace

std::span<const story_step> steps_with_wrappers() { return steps; }

}  // namespace showcase
