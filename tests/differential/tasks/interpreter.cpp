// SPDX-License-Identifier: Apache-2.0
// Runs programs with weft: each in the order in which things become ready, and then in the orders of a number of seeds. Of
// each program it prints the logs that came of it, every different one once.
#include "program.hpp"
#include "world.hpp"

#include <weft/base/errors.hpp>
#include <weft/testing/run.hpp>

#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace differential {

vocabulary control_words();
vocabulary task_words();
vocabulary timing_words();
vocabulary combining_words();
vocabulary group_words();
vocabulary synchronising_words();
vocabulary queue_words();
vocabulary context_words();
vocabulary callback_words();

const vocabulary& words() {
    static const vocabulary all = [] {
        vocabulary v;
        for (vocabulary part : {control_words(), task_words(), timing_words(), combining_words(), group_words(),
                                synchronising_words(), queue_words(), context_words(), callback_words()}) {
            v.actions.merge(part.actions);
            v.activities.merge(part.activities);
        }
        return v;
    }();
    return all;
}

namespace {

weft::task<std::string> run(const program& p) {
    world w(p);
    co_await w.run();
    co_return w.text();
}

std::string log_of(const program& p, std::optional<std::uint64_t> seed) {
    try {
        return weft::testing::run(run(p), {.seed = seed});
    } catch (const weft::deadlock_error& e) {
        return std::string("deadlock\n") + e.what() + "\n";
    }
}

}  // namespace
}  // namespace differential

/// Arguments: the number of seeds for spaced programs and for racing ones.
int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const unsigned long seeds[] = {std::strtoul(argv[1], nullptr, 10), std::strtoul(argv[2], nullptr, 10)};
    std::ios::sync_with_stdio(false);
    differential::program p;
    while (differential::read(std::cin, p)) {
        std::map<std::string, std::string> orders;  // by log: the seeds that gave it
        orders[differential::log_of(p, std::nullopt)] = "in order";
        for (unsigned long seed = 0; seed < seeds[p.racing]; ++seed) {
            orders[differential::log_of(p, seed)] += " " + std::to_string(seed);
        }
        std::cout << "program " << p.seed << '\n';
        for (const auto& [log, seeds_of_it] : orders) std::cout << "log of " << seeds_of_it << '\n' << log;
        std::cout << std::flush;
    }
}
