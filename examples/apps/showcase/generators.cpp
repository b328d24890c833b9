// SPDX-License-Identifier: Apache-2.0
// The generators that you can step. This is the file that the page shows, and the line that it marks is where one stands.
#include "generators.hpp"

#include <stdexcept>

namespace showcase {

namespace {

/// Yields a few numbers, and returns how many there were.
steppable digits(notes& aloud) {
    aloud.push_back("begins");
    for (int n = 0; n < 3; ++n) {
        co_yield n;
    }
    aloud.push_back("ends");
    co_return 3;
}

/// The mean of what it is sent. Told of an exception it starts over; closed, it says goodbye.
steppable averager(notes& aloud) {
    std::int64_t sum = 0, count = 0;
    for (;;) {
        try {
            const auto sample = co_yield count == 0 ? 0 : sum / count;
            if (!sample) continue;  // next() sends nothing
            aloud.push_back("given " + std::to_string(*sample));
            sum += *sample;
            ++count;
        } catch (const std::runtime_error& e) {
            aloud.push_back(std::string("starts over: ") + e.what());
            sum = count = 0;
        } catch (const weft::generator_exit&) {
            aloud.push_back("closed, after " + std::to_string(count));
            throw;
        }
    }
}

/// The sum of what it is sent, up to a 0.
steppable tally(notes& aloud) {
    std::int64_t sum = 0;
    for (;;) {
        const auto sent = co_yield sum;
        if (sent == 0) break;
        sum += sent.value_or(1);
    }
    aloud.push_back("a tally of " + std::to_string(sum));
    co_return sum;
}

/// Hands over to a tally, and then to another one: while it does, two functions stand somewhere.
steppable relay(notes& aloud) {
    const auto first = co_yield weft::from(tally(aloud));
    const auto second = co_yield weft::from(tally(aloud));
    co_return first* second;
}

/// Never ends; asks nothing, and is asked for as much as somebody wants.
steppable fibonacci(notes&) {
    std::int64_t a = 0, b = 1;
    for (;;) {
        co_yield a;
        const std::int64_t next = (a + b) % 1'000'000'000;  // it may be stepped for long
        a = b;
        b = next;
    }
}

}  // namespace

const kind_of_generator kinds_of_generator[] = {
    {"digits", "yields three numbers, then returns", digits},
    {"averager", "send it numbers; throw, and it starts over", averager},
    {"relay", "hands over to another generator; send it 0 to end that", relay},
    {"fibonacci", "has no end", fibonacci},
};

}  // namespace showcase
