// SPDX-License-Identifier: Apache-2.0
// `weft stack`: where one task stands.
#include "weft/commands.hpp"
#include "weft/describe.hpp"
#include "weft/resumed_by.hpp"
#include "weft/snapshot_json.hpp"
#include "weft/target.hpp"
#include "weft/task_locals.hpp"
#include "weft/terminal.hpp"

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace {

struct stack_options {
    target who;
    std::string task;
    bool locals = false, json = false;
};

struct found_task {
    const weft::loop_snapshot* loop;
    const weft::task_snapshot* task;
};

/// By its id ("7" or "#7"), or by its name.
std::vector<found_task> tasks_called(const weft::process_snapshot& p, const std::string& what) {
    const std::string id = what.starts_with('#') ? what.substr(1) : what;
    std::vector<found_task> found;
    for (const weft::loop_snapshot& loop : p.loops) {
        for (const weft::task_snapshot& t : loop.tasks) {
            if (std::to_string(t.id) == id || t.name == what) found.push_back({&loop, &t});
        }
    }
    return found;
}

std::string format(const weft::stack_frame& f) {
    return weft::format_stack({{printable(f.function), printable(f.file), f.line}});
}

/// Whether a coroutine has, if its frame says so.
std::optional<bool> has_begun(const std::optional<frame_values>& values) {
    if (!values || values->suspended_at_kind.empty()) return std::nullopt;
    return values->suspended_at_kind != "initial";
}
std::optional<bool> has_begun(const weft::task_snapshot& t, task_locals& all) {
    return t.frames.empty() ? std::nullopt : has_begun(all.of(t.frames[0], t.stack[0]));
}

/// A coroutine with what is in its frame, and who entered it.
std::string with_locals(const weft::task_snapshot& t, std::size_t frame, task_locals& all, const terminal& screen) {
    std::string text = format(t.stack[frame]);
    if (!t.frames[frame]) return text;  // on a fiber's stack
    const auto values = all.of(t.frames[frame], t.stack[frame]);
    if (has_begun(values) != false)
        text += screen.in(terminal::colour::dim, "      " + describe_entry(t, frame)) + "\n";
    if (!values) return text + screen.in(terminal::colour::dim, "      (no values: " + all.why() + ")") + "\n";
    if (values->suspend_index) {
        text += screen.in(terminal::colour::dim, "      suspend point " + std::to_string(*values->suspend_index) +
                                                     ", " + values->suspended_at_kind) +
                "\n";
    }
    for (const local_value& v : values->locals)
        text += "      " + v.name + " = " + v.value + screen.in(terminal::colour::dim, "  (" + v.type + ")") + "\n";
    for (const std::string& note : values->notes)
        text += screen.in(terminal::colour::yellow, "      note: " + note) + "\n";
    return text;
}

std::string json_with_locals(const found_task& found, task_locals& all) {
    const weft::task_snapshot& t = *found.task;
    json_array frames;
    for (std::size_t i = 0; i < t.frames.size(); ++i) {
        json_object o;
        o.add("at", to_json(t.stack[i])).number("frame", t.frames[i]);
        const auto values = all.of(t.frames[i], t.stack[i]);
        if (has_begun(values) != false) o.add("entered", entry_to_json(t, i));
        if (values) {
            if (values->suspend_index) o.number("suspend_point", *values->suspend_index);
            json_array locals;
            for (const local_value& v : values->locals)
                locals.add(json_object().text("name", v.name).text("type", v.type).text("value", v.value).to_string());
            o.add("locals", locals.to_string());
        } else {
            o.text("problem", all.why());
        }
        frames.add(o.to_string());
    }
    json_object all_of_it;
    all_of_it.add("task", json_of(t).to_string());
    if (was_resumed(t, has_begun(t, all))) all_of_it.add("resumed", resumer_to_json(t, *found.loop));
    return all_of_it.add("frames", frames.to_string()).to_string();
}

void run_stack(const stack_options& options) {
    weft::process_snapshot p = options.who.snapshot({.deepest = 100'000, .wakes = options.locals});
    weft::diagnose(p);
    const task_names names(p);
    const auto found = tasks_called(p, options.task);
    if (found.empty()) throw std::runtime_error("there is no task " + options.task);
    const terminal screen;
    const auto memory = options.who.memory();
    task_locals locals(*memory);
    if (!options.json) std::fputs(what_is_wrong(p, {}, screen).c_str(), stdout);  // not all may be here
    for (const found_task& each : found) {
        const weft::task_snapshot* const t = each.task;
        if (options.json) {
            std::puts((options.locals ? json_with_locals(each, locals) : json_of(*t).to_string()).c_str());
            continue;
        }
        const bool waits = t->activity == weft::task_activity::waiting || t->activity == weft::task_activity::blocked;
        std::string text = screen.in(terminal::colour::bold, names(t->address)) + ", " + to_string(t->activity) +
                           (waits ? ": " + describe(t->wait, names) : "") + ", " + readable_duration(t->since) + "\n";
        if (t->created_at)
            text += "created in " + printable(t->created_at->function + " " + t->created_at->file) + ":" +
                    std::to_string(t->created_at->line) + "\n";
        if (options.locals) text += describe_resumer(*t, *each.loop, has_begun(*t, locals)) + "\n";
        text += "Stack (innermost await last):\n";
        for (std::size_t i = 0; i < t->stack.size(); ++i)
            text += options.locals ? with_locals(*t, i, locals, screen) : format(t->stack[i]);
        std::fputs(text.c_str(), stdout);
    }
}

}  // namespace

void add_stack(CLI::App& weft) {
    auto options = std::make_shared<stack_options>();
    CLI::App& stack = *weft.add_subcommand("stack", "shows where a task stands");
    options->who.add_to(stack);
    stack.add_option("task", options->task, "its id or its name")->required();
    stack.add_flag("--locals", options->locals,
                   "and what is in the frames, where there is debug information, and who resumed them");
    stack.add_flag("--json", options->json, "as JSON");
    stack.callback([options] { run_stack(*options); });
}
