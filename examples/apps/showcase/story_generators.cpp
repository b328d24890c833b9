// SPDX-License-Identifier: Apache-2.0
// The story, 08 to 12, and 14: what generators can do.
#include "recorder.hpp"
#include "story.hpp"

#include <weft/coro/generator.hpp>

#include <algorithm>
#include <stdexcept>

namespace showcase {

namespace {

namespace to_the_end {

weft::generator<int> digits(recorder& r) {
    lane me(r, "digits");
    for (int n = 0; n < 3; ++n) {
        co_yield me.yields(n);
        me.goes_on();
    }
}

void play(recorder& r) {
    lane me(r, "caller");
    auto numbers = digits(r);
    for (;;) {
        me.does("next", "digits");
        const auto n = numbers.next();
        if (!n) break;
        me.goes_on(*n);
    }
    me.says("the end");
}

}  // namespace to_the_end

namespace sent {

weft::generator<int, int> echo(recorder& r) {
    lane me(r, "echo");
    for (int n = 0; n >= 0;) n = me.goes_on(co_yield me.yields(n));
}

void play(recorder& r) {
    lane me(r, "caller");
    auto parrot = echo(r);
    me.does("next", "echo");
    me.goes_on(*parrot.next());
    for (const int n : {1, 2}) {
        me.does("send", std::to_string(n));
        me.goes_on(*parrot.send(n));
    }
    me.does("send", "-1");
    parrot.send(-1);
    me.says("the end");
}

}  // namespace sent

namespace endless {

weft::generator<int> primes(recorder& r) {
    lane me(r, "primes");
    std::vector<int> found;
    for (int n = 2; n < 12; ++n) {
        if (std::ranges::all_of(found, [n](int p) { return n % p != 0; })) {
            found.push_back(n);
            co_yield me.yields(n);
            me.goes_on();
        } else {
            me.says(std::to_string(n) + " is none");
        }
    }
}

void play(recorder& r) {
    lane me(r, "caller");
    auto numbers = primes(r);
    for (int i = 0; i < 5; ++i) {
        me.does("next", "primes");
        me.goes_on(*numbers.next());
    }
    me.says("enough: nothing more is computed");
}

}  // namespace endless

namespace enough {

struct had_enough : std::runtime_error {
    using runtime_error::runtime_error;
};

weft::generator<int> producer(recorder& r) {
    lane me(r, "producer");
    try {
        for (int n = 5; n > 0; --n) {
            co_yield me.yields(n);
            me.goes_on();
        }
    } catch (const had_enough& e) {
        me.says(std::string("catches: ") + e.what());
    }
}

void play(recorder& r) {
    lane me(r, "consumer");
    auto numbers = producer(r);
    for (;;) {
        me.does("next", "producer");
        const auto n = numbers.next();
        if (!n) break;
        me.goes_on(*n);
        if (*n == 3) {
            me.does("throw", "only 3, 4, 5 wanted");
            numbers.raise(had_enough("only 3, 4, 5 wanted"));
        }
    }
    me.says("the end");
}

}  // namespace enough

namespace averager {

struct start_over {};

weft::generator<int, int> average(recorder& r) {
    lane me(r, "averager");
    int sum = 0, count = 0;
    for (;;) {
        try {
            sum += me.goes_on(co_yield me.yields(count == 0 ? 0 : sum / count));
            ++count;
        } catch (const start_over&) {
            me.says("starts over");
            sum = count = 0;
        } catch (const weft::generator_exit&) {
            me.says("is closed");
            throw;
        }
    }
}

void play(recorder& r) {
    lane me(r, "caller");
    auto g = average(r);
    me.does("next", "averager");
    me.goes_on(*g.next());
    for (const int n : {10, 20}) {
        me.does("send", std::to_string(n));
        me.goes_on(*g.send(n));
    }
    me.does("throw", "start over");
    me.goes_on(*g.raise(start_over()));
    me.does("close", "");
    g.close();
    me.says("the end");
}

}  // namespace averager

namespace relay {

weft::generator<int, int, int> tally(recorder& r) {
    lane me(r, "tally");
    int sum = 0;
    while (const int n = me.goes_on(co_yield me.yields(sum))) sum += n;
    co_return sum;
}

weft::generator<int, int, int> by_from(recorder& r) {
    lane me(r, "relay");
    me.does("hands over", "to a tally");
    const int first = me.goes_on(co_yield weft::from(tally(r)));
    me.does("hands over", "to another");
    const int second = me.goes_on(co_yield weft::from(tally(r)));
    co_return first* second;
}

void play(recorder& r) {
    lane me(r, "caller");
    auto g = by_from(r);
    me.does("next", "relay");
    me.goes_on(*g.next());
    for (const int n : {1, 2, 0, 4, 0}) {
        me.does("send", std::to_string(n));
        if (const auto sum = g.send(n)) me.goes_on(*sum);
    }
    me.says("in the end " + std::to_string(g.result()));
}

}  // namespace relay

constexpr std::string_view here = "story_generators.cpp";
constexpr story_step steps[] = {
    {"08_to_the_end", "A generator runs to its next co_yield and stands there until it is asked again.",
     to_the_end::play, here},
    {"09_sent", "n = co_yield n hands out one value and is given another.", sent::play, here},
    {"10_endless", "A generator computes what it is asked for, and no more.", endless::play, here},
    {"11_enough", "An exception can be raised where a generator stands.", enough::play, here},
    {"12_averager", "At one co_yield, a value is sent, an exception raised, and the generator closed.", averager::play,
     here},
    {"14_relay", "To hand on what two others yield takes the word from.", relay::play, here},
};

}  // namespace

std::span<const story_step> steps_with_generators() { return steps; }

}  // namespace showcase
