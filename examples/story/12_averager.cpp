// SPDX-License-Identifier: Apache-2.0
// New: all three at one co_yield. send() resumes with a value, raise() with an exception, close() with the exception
// generator_exit, which says: this was the last time.
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>

struct start_over {};

weft::generator<double, double> averager() {
    double sum = 0, mean = 0;
    int count = 0;
    for (;;) {
        try {
            const double sample = co_yield mean;
            std::printf("  inside: given %.1f\n", sample);
            sum += sample;
            mean = sum / ++count;
        } catch (const start_over&) {
            std::printf("  inside: told to start over, after %d\n", count);
            sum = mean = count = 0;
        } catch (const weft::generator_exit&) {
            std::printf("  inside: closed, after %d\n", count);
            throw;
        }
    }
}

int main() {
    auto average = averager();
    std::printf("next: %.1f\n", *average.next());
    std::printf("send 10: %.1f\n", *average.send(10));
    std::printf("send 20: %.1f\n", *average.send(20));
    std::printf("raise: %.1f\n", *average.raise(start_over()));
    std::printf("send 5: %.1f\n", *average.send(5));
    average.close();
    if (!average.next()) std::puts("after close: the end");

    auto another = averager();
    another.next();
    try {
        another.raise(std::runtime_error("what it does not catch comes back"));
    } catch (const std::runtime_error& e) {
        std::puts(e.what());
    }
    if (!another.next()) std::puts("after that: the end");
}
