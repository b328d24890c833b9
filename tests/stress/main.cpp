// SPDX-License-Identifier: Apache-2.0
// The stress tests of weft. docs/stress.md tells of them, and of the runs that were made.
#include "stress/command.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

struct command {
    std::string_view name;
    void (*run)(const stress::options&);
};
constexpr command commands[] = {
    {"sleepers", stress::run_sleepers},      {"spawn", stress::run_spawn_and_join},
    {"timers", stress::run_timers},          {"chaos", stress::run_chaos},
    {"threads", stress::run_threaded_chaos}, {"connections", stress::run_connections},
};

int explain() {
    std::fputs("stress sleepers [--count N]\n"
               "stress spawn    [--count N] [--rounds N]\n"
               "stress timers   [--count N] [--seed N]\n"
               "stress chaos    [--seconds S | --rounds N] [--seed N]\n"
               "stress threads  [--seconds S | --rounds N] [--seed N]\n"
               "stress connections [--count N] [--seconds S] [--rounds N] [--seed N]\n",
               stderr);
    return 2;
}

/// @return false if that is no option
bool read_option(stress::options& o, std::string_view name, const char* value) {
    if (name == "--seconds") {
        o.seconds = std::atof(value);
        return true;
    }
    const std::uint64_t number = std::strtoull(value, nullptr, 10);
    if (name == "--count") {
        o.count = number;
    } else if (name == "--rounds") {
        o.rounds = number;
    } else if (name == "--seed") {
        o.seed = number;
    } else {
        return false;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc % 2 != 0) return explain();
    stress::options o;
    for (int i = 2; i < argc; i += 2) {
        if (!read_option(o, argv[i], argv[i + 1])) return explain();
    }
    for (const command& c : commands) {
        if (c.name != argv[1]) continue;
        c.run(o);
        return 0;
    }
    return explain();
}
