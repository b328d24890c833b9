// SPDX-License-Identifier: Apache-2.0
// `weft stack`: where one task stands.
#include "weft/commands.hpp"
#include "weft/describe.hpp"
#include "weft/target.hpp"
#include "weft/terminal.hpp"

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace {

struct stack_options {
    target who;
    std::string task;
    bool json = false;
};

/// By its id ("7" or "#7"), or by its name.
std::vector<const weft::task_snapshot*> tasks_called(const weft::process_snapshot& p, const std::string& what) {
    const std::string id = what.starts_with('#') ? what.substr(1) : what;
    std::vector<const weft::task_snapshot*> found;
    for (const weft::loop_snapshot& loop : p.loops) {
        for (const weft::task_snapshot& t : loop.tasks) {
            if (std::to_string(t.id) == id || t.name == what) found.push_back(&t);
        }
    }
    return found;
}

void run_stack(const stack_options& options) {
    weft::process_snapshot p = options.who.snapshot({.deepest = 100'000});
    weft::diagnose(p);
    const task_names names(p);
    const auto found = tasks_called(p, options.task);
    if (found.empty()) throw std::runtime_error("there is no task " + options.task);
    const terminal screen;
    for (const weft::task_snapshot* t : found) {
        if (options.json) {
            std::puts(to_json(*t).c_str());
            continue;
        }
        const bool waits = t->activity == weft::task_activity::waiting || t->activity == weft::task_activity::blocked;
        std::string text = screen.in(terminal::colour::bold, names(t->address)) + ", " + to_string(t->activity) +
                           (waits ? ": " + describe(t->wait, names) : "") + ", " + readable_duration(t->since) + "\n";
        if (t->created_at)
            text += "created in " + t->created_at->function + " " + t->created_at->file + ":" +
                    std::to_string(t->created_at->line) + "\n";
        text += "Stack (innermost await last):\n" + weft::format_stack(t->stack);
        std::fputs(text.c_str(), stdout);
    }
}

}  // namespace

void add_stack(CLI::App& weft) {
    auto options = std::make_shared<stack_options>();
    CLI::App& stack = *weft.add_subcommand("stack", "shows where a task stands");
    options->who.add_to(stack);
    stack.add_option("task", options->task, "its id or its name")->required();
    stack.add_flag("--json", options->json, "as JSON");
    stack.callback([options] { run_stack(*options); });
}
