// SPDX-License-Identifier: Apache-2.0
// `weft ps`: the tasks of a process, what each waits for, and what is wrong.
#include "weft/commands.hpp"
#include "weft/describe.hpp"
#include "weft/snapshot_json.hpp"
#include "weft/target.hpp"
#include "weft/terminal.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <thread>
#include <tuple>

namespace {

struct ps_options {
    target who;
    bool all = false, json = false;
    double cpu_seconds = 0;
};

/// Tasks that do the same: one line. What is blocked is always a line of its own.
struct group_of_tasks {
    std::vector<const weft::task_snapshot*> tasks;
    std::int64_t longest = 0, cpu = 0;
    bool has_cpu = false;
};

auto likeness_of(const weft::task_snapshot& t, bool fold) {
    const bool alone = !fold || t.activity == weft::task_activity::blocked ||
                       t.activity == weft::task_activity::running || !t.wait.tasks.empty() || t.wait.is_orphaned;
    return std::tuple(t.activity, kind_of(t.wait), t.wait.lock, place_of(t), alone ? t.address : 0);
}

std::string what_it_waits_for(const group_of_tasks& g, const task_names& names) {
    const weft::task_snapshot& t = *g.tasks.front();
    if (t.activity == weft::task_activity::running || t.activity == weft::task_activity::ready) return "-";
    if (g.tasks.size() == 1 || t.wait.lock) return describe(t.wait, names);
    std::int64_t first_end = std::numeric_limits<std::int64_t>::max();
    for (const weft::task_snapshot* each : g.tasks)
        first_end = std::min(first_end, each->wait.ends_in.value_or(first_end));
    if (t.wait.ends_in) return t.wait.kind + ", first in " + readable_duration(first_end);
    return kind_of(t.wait);
}

/// Of a fiber, who has called whom: a line for each, below the one where it waits.
void add_callers(table& lines, const weft::task_snapshot& t) {
    constexpr std::size_t most = 12;
    if (t.fibers.empty()) return;
    std::vector<const weft::stack_frame*> callers;
    for (const weft::stack_frame& f : t.stack) {
        if (&f == weft::own_frame(t)) break;
        if (!f.function.starts_with("weft::")) callers.push_back(&f);
    }
    for (std::size_t i = callers.size(); i-- > 0;) {
        const bool is_last = callers.size() - i == most;
        lines.add({"", "", "", "", "", "", is_last && i > 0 ? "  …" : "  " + describe(*callers[i])});
        if (is_last) return;
    }
}

terminal::colour colour_of(weft::task_activity a) {
    switch (a) {
        case weft::task_activity::running: return terminal::colour::green;
        case weft::task_activity::ready: return terminal::colour::cyan;
        case weft::task_activity::blocked: return terminal::colour::red;
        case weft::task_activity::waiting: return terminal::colour::plain;
    }
    return terminal::colour::plain;
}

std::string tasks_of(const weft::loop_snapshot& loop, const task_names& names, const ps_options& options,
                     const terminal& screen) {
    std::map<decltype(likeness_of({}, false)), group_of_tasks> groups;
    std::vector<const group_of_tasks*> in_order;
    for (const weft::task_snapshot& t : loop.tasks) {
        const auto [at, is_new] = groups.try_emplace(likeness_of(t, !options.all));
        group_of_tasks& g = at->second;
        if (is_new) in_order.push_back(&g);
        g.tasks.push_back(&t);
        g.longest = std::max(g.longest, t.since);
        g.cpu += t.cpu.value_or(0);
        g.has_cpu = g.has_cpu || t.cpu;
    }
    table lines({"ID", "NAME", "STATE", "FOR", "CPU", "WAITS FOR", "WHERE"});
    for (const group_of_tasks* g : in_order) {
        const weft::task_snapshot& t = *g->tasks.front();
        const std::string count = g->tasks.size() > 1 ? " ×" + std::to_string(g->tasks.size()) : "";
        const weft::stack_frame* const frame = weft::own_frame(t);
        lines.add({std::to_string(t.id), t.name + count, to_string(t.activity) + std::string(t.is_changing ? "*" : ""),
                   readable_duration(g->longest), g->has_cpu ? readable_duration(g->cpu) : "-",
                   what_it_waits_for(*g, names), frame ? describe(*frame) : ""},
                  colour_of(t.activity));
        add_callers(lines, t);
    }
    return lines.to_string(screen);
}

void run_ps(const ps_options& options) {
    if (options.cpu_seconds > 0) {
        weft::take_cpu_times(options.who.process(), static_cast<unsigned>(options.cpu_seconds) + 2);
        std::this_thread::sleep_for(std::chrono::duration<double>(options.cpu_seconds));
    }
    weft::process_snapshot p =
        options.who.snapshot(options.json ? weft::snapshot_options() : weft::snapshot_options{.deepest = 16});
    const std::vector<weft::finding> findings = weft::diagnose(p);
    if (options.json) {
        std::puts(json_of(p, findings).add("loops", loops_to_json(p)).to_string().c_str());
        return;
    }
    const terminal screen;
    std::string text = what_is_wrong(p, findings, screen);
    if (!text.empty()) text += "\n";
    const task_names names(p);
    for (std::size_t i = 0; i < p.loops.size(); ++i) {
        const weft::loop_snapshot& loop = p.loops[i];
        text += screen.in(terminal::colour::bold,
                          "loop " + std::to_string(i + 1) +
                              (loop.thread ? ", thread " + std::to_string(loop.thread) : ", not running") + ", " +
                              printable(loop.backend) + ": " + std::to_string(loop.tasks.size()) +
                              (loop.tasks.size() == 1 ? " task" : " tasks")) +
                "\n";
        if (!loop.tasks.empty()) text += tasks_of(loop, names, options, screen);
    }
    if (p.loops.empty()) text += "no loop\n";
    std::fputs(text.c_str(), stdout);
}

}  // namespace

void add_ps(CLI::App& weft) {
    auto options = std::make_shared<ps_options>();
    CLI::App& ps = *weft.add_subcommand("ps", "lists the tasks of a process, what each waits for, and what is wrong");
    options->who.add_to(ps);
    ps.add_flag("-a,--all", options->all, "a line for each task, even of those that do the same");
    ps.add_option("--cpu", options->cpu_seconds, "have CPU time taken for so many seconds first")
        ->check(CLI::Range(0.1, 3600.0));
    ps.add_flag("--json", options->json, "as JSON, with whole stacks");
    ps.callback([options] { run_ps(*options); });
}
