// SPDX-License-Identifier: Apache-2.0
// Thousands of connections that open, talk, close, reset and are cancelled at random, the server in one process, its
// clients in another; then every descriptor of both is closed and every byte is back.
#include "stress/command.hpp"
#include "stress/connections/sides.hpp"
#include "stress/measuring.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace stress {

namespace {

long long open_descriptors() {
    long long count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

/// As many as there may be: connections come before the server has heard that others have gone.
void allow_descriptors(std::size_t connections) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    require(limit.rlim_max >= connections + connections * 3 / 4 + 100,
            "so many descriptors are not allowed here: try a smaller --count");
    limit.rlim_cur = limit.rlim_max;
    require(::setrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit of descriptors cannot be raised to what is allowed");
}

struct holdings {
    long long descriptors = open_descriptors(), bytes = heap_in_use();
};
std::string text(const holdings& h) {
    return std::to_string(h.descriptors) + " descriptors, " + std::to_string(h.bytes) + " bytes";
}

/// The library keeps for ever what it has to register tasks and exceptions: as much as it took when there were most of them,
/// which chance would decide.
weft::task<> fail_all_at_once(std::size_t tasks) {
    weft::event at_once;
    std::vector<weft::task_handle<>> all;
    for (std::size_t i = 0; i < tasks; ++i) {
        all.push_back(weft::create_task([](weft::event& e) -> weft::task<> {
            co_await e.wait();
            throw std::runtime_error("one of many");
        }(at_once)));
    }
    co_await weft::yield_now();
    at_once.set();
    for (auto& each : all) {
        try {
            co_await each;
        } catch (const std::runtime_error&) {
        }
    }
}

/// What a loop keeps while it lives: blocks for bytes on their way, and its tables.
constexpr long long kept_by_a_loop = 48 << 20;
/// Where frames of tasks are kept for the next time.
constexpr long long kept_by_a_thread = 1'000'000;

void require_no_more(const holdings& now, const holdings& then, long long kept) {
    require_equal(now.descriptors, then.descriptors, "descriptors at the end");
    require(now.bytes <= then.bytes + then.bytes / 4 + kept, "connections have left memory behind");
}

/// One process.
struct side {
    const char* name;
    play_round play;
    const companion& other;
    std::size_t count;

    /// On one loop: what an earlier round has left is seen after a later one.
    weft::task<> play_rounds(const pipes& p, std::uint64_t seed, std::uint64_t rounds, double seconds) const {
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context& c) {
            // A handler may fail with its connection; nothing else is worth a report.
            require(c.message == "Unhandled exception in a connection handler",
                    c.message + (c.exception ? ": " + weft::describe_exception(c.exception) : ""));
        });
        conversation with_other(p);
        std::optional<holdings> first;
        for (const std::uint64_t end = seed + rounds; seed < end; ++seed) {
            const std::string report = co_await play(with_other, {.count = count, .seed = seed, .seconds = seconds});
            require_equal(static_cast<long long>(weft::all_tasks().size()), 1, "tasks after a round");
            co_await weft::sleep(20ms);  // what the kernel was asked to close
            const holdings now;
            std::printf("%s: %s; then %s\n", name, report.c_str(), text(now).c_str());
            std::fflush(stdout);
            if (!first) first = now;
            require_no_more(now, *first, kept_by_a_loop);
        }
    }

    /// @param seconds  each round
    void run(std::uint64_t seed, std::uint64_t rounds, double seconds) const {
        weft::run(fail_all_at_once(3 * count));
        weft::run(play_rounds(other.warm_up, seed + rounds, 1, seconds / 10));  // what is made once is made
        const holdings before;
        weft::run(play_rounds(other.rounds, seed, rounds, seconds));
        const holdings after;
        std::printf("%s: %s; before, %s\n", name, text(after).c_str(), text(before).c_str());
        std::fflush(stdout);
        require_no_more(after, before, kept_by_a_thread);
        if (counts_every_byte) require_equal(after.bytes, before.bytes, "bytes at the end");
    }
};

}  // namespace

void run_connections(const options& o) {
    const std::size_t count = o.count.value_or(10'000);
    const std::uint64_t rounds = o.rounds.value_or(3), seed = o.seed.value_or(1);
    const double seconds = o.seconds / static_cast<double>(rounds);
    allow_descriptors(count);
    set_repeat_command("stress connections --count " + std::to_string(count) + " --rounds " + std::to_string(rounds) +
                       " --seconds " + std::to_string(o.seconds) + " --seed " + std::to_string(seed));
    const companion other = start_companion();
    if (other.child == 0) {
        side{"server", serve_clients, other, count}.run(seed, rounds, seconds);
        std::exit(0);
    }
    side{"clients", send_clients, other, count}.run(seed, rounds, seconds);
    require_good_end(other.child);
}

}  // namespace stress
