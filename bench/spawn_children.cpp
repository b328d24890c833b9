// SPDX-License-Identifier: Apache-2.0
// Starts /bin/true and waits for its end, COUNT times, one after the other: by weft, or by posix_spawn and waitpid alone.
// Prints microseconds a child: how long the thread stood still for starting it, and until its end was known.
//   spawn_children weft|bare COUNT

#include <weft/weft.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

struct times {
    steady::duration starting{}, whole{};
};

weft::task<times> by_weft(int count) {
    const std::vector<std::string> command{"/bin/true"};
    times t;
    for (int i = 0; i < count; ++i) {
        const auto began = steady::now();
        auto child = co_await weft::spawn_process(command);
        t.starting += steady::now() - began;
        co_await child.wait();
        t.whole += steady::now() - began;
    }
    co_return t;
}

times bare(int count) {
    char program[] = "/bin/true";
    char* const argv[] = {program, nullptr};
    times t;
    for (int i = 0; i < count; ++i) {
        const auto began = steady::now();
        pid_t pid = 0;
        if (::posix_spawn(&pid, program, nullptr, nullptr, argv, ::environ) != 0) std::abort();
        t.starting += steady::now() - began;
        if (::waitpid(pid, nullptr, 0) != pid) std::abort();
        t.whole += steady::now() - began;
    }
    return t;
}

}  // namespace

int main(int argc, char** argv) {
    const int count = argc == 3 ? std::atoi(argv[2]) : 0;
    if (count <= 0) {
        std::fputs("spawn_children weft|bare COUNT\n", stderr);
        return 2;
    }
    const times t = std::strcmp(argv[1], "weft") == 0 ? weft::run(by_weft(count)) : bare(count);
    const auto each = [count](steady::duration d) {
        return std::chrono::duration<double, std::micro>(d).count() / count;
    };
    std::printf("%.1f %.1f\n", each(t.starting), each(t.whole));
}
