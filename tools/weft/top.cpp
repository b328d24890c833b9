// SPDX-License-Identifier: Apache-2.0
// `weft top`: the busiest tasks of a process, or those that have waited longest, again and again.
#include "weft/commands.hpp"
#include "weft/describe.hpp"
#include "weft/native_frames.hpp"
#include "weft/snapshot_json.hpp"
#include "weft/target.hpp"
#include "weft/terminal.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>
#include <unordered_map>
#include <utility>

namespace {

struct top_options {
    target who;
    std::string sort = "cpu";
    double interval_seconds = 1;
    unsigned times = 0, lines = 20;
    bool json = false;
};

struct row {
    const weft::task_snapshot* task;
    std::int64_t cpu;  // nanoseconds since the last look
};

/// CPU time in nanoseconds that a thread has used; 0 if it cannot be known.
std::int64_t cpu_time_of_thread(int pid, std::uint64_t thread) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(thread) + "/schedstat");
    std::int64_t used = 0;
    file >> used;
    return used;
}

/// What each task has used since the last look. (An address may be another task's by now: then its id is another.) A step is
/// counted when it ends; to a task that was in one at both looks goes what its thread has used.
class cpu_since {
public:
    void look(const weft::process_snapshot& p, std::vector<row>& rows) {
        std::unordered_map<weft::task_address, seen> now;
        for (const weft::loop_snapshot& loop : p.loops) {
            const std::int64_t of_thread = loop.thread ? cpu_time_of_thread(p.pid, loop.thread) : 0;
            for (const weft::task_snapshot& t : loop.tasks) {
                const bool runs = t.activity == weft::task_activity::running;
                const seen s{t.id, t.cpu.value_or(0), of_thread, runs};
                const auto before = seen_.find(t.address);
                std::int64_t used = 0;
                if (before != seen_.end() && before->second.id == t.id) {
                    used = s.cpu - before->second.cpu;
                    if (used == 0 && runs && before->second.runs) used = of_thread - before->second.of_thread;
                }
                rows.push_back({&t, used});
                now.emplace(t.address, s);
            }
        }
        seen_ = std::move(now);
    }

private:
    struct seen {
        std::uint64_t id;
        std::int64_t cpu, of_thread;
        bool runs;
    };
    std::unordered_map<weft::task_address, seen> seen_;
};

/// "12.5"
std::string percents(std::int64_t part, std::int64_t whole) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f",
                  whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0);
    return text;
}
std::string percent(std::int64_t part, std::int64_t whole) { return percents(part, whole) + " %"; }

/// One look as one line: what `weft ps --json` says, and what each task has used since the look before.
std::string to_json(const weft::process_snapshot& p, const std::vector<weft::finding>& findings,
                    const std::vector<row>& rows, std::int64_t interval) {
    std::unordered_map<const weft::task_snapshot*, std::int64_t> used;
    for (const row& r : rows) used.emplace(r.task, r.cpu);
    const auto add_cpu = [&](json_object& o, const weft::task_snapshot& t) {
        o.number("cpu_interval_ns", used.at(&t)).add("cpu_percent", percents(used.at(&t), interval));
    };
    return json_of(p, findings).number("interval_ns", interval).add("loops", loops_to_json(p, add_cpu)).to_string();
}

void show(const weft::process_snapshot& p, const std::vector<weft::finding>& findings, std::vector<row>& rows,
          std::int64_t interval, const top_options& options, const terminal& screen) {
    const task_names names(p);
    const bool by_wait = options.sort == "wait";
    std::ranges::sort(rows, [&](const row& a, const row& b) {
        const auto key = [&](const row& r) { return std::pair(by_wait ? -r.task->since : -r.cpu, r.task->id); };
        return key(a) < key(b);
    });
    std::string text;
    if (options.times != 1 && terminal::is_interactive()) text += "\033[H\033[J";
    std::int64_t all = 0;
    for (const row& r : rows) all += r.cpu;
    text += screen.in(terminal::colour::bold, "process " + std::to_string(p.pid) + ": " + std::to_string(rows.size()) +
                                                  " tasks, " + percent(all, interval) + " of a core in them") +
            "\n";
    text += what_is_wrong(p, findings, screen);
    table lines({"ID", "NAME", "CPU", "STATE", "FOR", "WAITS FOR", "WHERE"});
    for (std::size_t i = 0; i < std::min<std::size_t>(rows.size(), options.lines); ++i) {
        const weft::task_snapshot& t = *rows[i].task;
        const bool waits = t.activity == weft::task_activity::waiting || t.activity == weft::task_activity::blocked;
        lines.add({std::to_string(t.id), t.name, percent(rows[i].cpu, interval), to_string(t.activity),
                   readable_duration(t.since), waits ? describe(t.wait, names) : "-", place_of(t)});
    }
    std::fputs((text + lines.to_string(screen)).c_str(), stdout);
    std::fflush(stdout);
}

void run_top(const top_options& options) {
    using clock = std::chrono::steady_clock;
    const int pid = options.who.process();
    const terminal screen;
    const auto pause = std::chrono::duration<double>(options.interval_seconds);
    cpu_since used;
    auto before = clock::now();
    for (unsigned i = 0; options.times == 0 || i <= options.times; ++i) {
        weft::take_cpu_times(pid, static_cast<unsigned>(options.interval_seconds) + 2);
        weft::process_snapshot p = weft::snapshot_process(pid, {.deepest = 16});
        if (has_fibers(p)) add_native_frames(p, *weft::memory_of_process(pid));
        const auto findings = weft::diagnose(p);
        const auto now = clock::now();
        std::vector<row> rows;
        used.look(p, rows);
        if (i > 0) {  // the first look is what the others are measured from
            const std::int64_t interval = std::chrono::nanoseconds(now - before).count();
            if (options.json) {
                std::puts(to_json(p, findings, rows, interval).c_str());
                std::fflush(stdout);
            } else {
                show(p, findings, rows, interval, options, screen);
            }
        }
        before = now;
        if (options.times == 0 || i < options.times) std::this_thread::sleep_for(pause);
    }
}

}  // namespace

void add_top(CLI::App& weft) {
    auto options = std::make_shared<top_options>();
    CLI::App& top = *weft.add_subcommand("top", "shows the busiest tasks of a process, again and again");
    options->who.add_to(top);
    top.add_option("--sort", options->sort, "by what they use, or by how long they have waited")
        ->check(CLI::IsMember({"cpu", "wait"}));
    top.add_option("-d,--interval", options->interval_seconds, "seconds between two looks")
        ->check(CLI::Range(0.1, 3600.0));
    top.add_option("-n,--count,--times", options->times, "how often; 0: until it is interrupted, or the process ends");
    top.add_option("--lines", options->lines, "how many tasks");
    top.add_flag(
        "--json", options->json,
        "each look as one JSON object on a line of its own: as `weft ps --json`, and of each task what it has used "
        "since the look before");
    top.callback([options] { run_top(*options); });
}
