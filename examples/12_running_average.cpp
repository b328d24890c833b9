// SPDX-License-Identifier: Apache-2.0
// A generator that is sent values: `co_yield` hands out the mean so far and gives, in the body, the next sample. send()
// resumes with a value, raise() with an exception, close() with the end; the body sees all three at the co_yield.
//
//     def averager():
//         count = total = mean = 0
//         while True:
//             try:
//                 total += yield mean
//             except StartOver:
//                 count = total = mean = 0
//                 continue
//             except GeneratorExit:
//                 return Summary(count, mean)
//             count += 1
//             mean = total / count
#include <weft/weft.hpp>

#include <cstdio>

struct start_over {};

struct summary {
    int samples = 0;
    double mean = 0;
};

weft::generator<double, double, summary> averager() {
    summary so_far;
    double total = 0;
    for (;;) {
        try {
            total += co_yield so_far.mean;
            so_far.mean = total / ++so_far.samples;
        } catch (const start_over&) {
            so_far = {};
            total = 0;
        } catch (const weft::generator_exit&) {
            co_return so_far;
        }
    }
}

int main() {
    auto average = averager();
    average.next();  // to the first co_yield: before that, nothing is there to take a value

    for (const double sample : {10.0, 30.0, 5.0}) {
        std::printf("sent %4.1f, the mean is %.1f\n", sample, average.send(sample).value());
    }

    std::printf("started over: %.1f\n", average.raise(start_over()).value());
    std::printf("sent 40.0, the mean is %.1f\n", average.send(40).value());
    std::printf("sent 50.0, the mean is %.1f\n", average.send(50).value());

    const auto [samples, mean] = average.close().value();
    std::printf("closed after %d samples: %.1f\n", samples, mean);

    if (!average.send(60)) std::puts("it takes no more");
}
