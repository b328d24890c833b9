// SPDX-License-Identifier: Apache-2.0
#include "weft/describe.hpp"
#include "weft/json.hpp"

#include <algorithm>
#include <cctype>

task_names::task_names(const weft::process_snapshot& p) {
    for (const weft::loop_snapshot& loop : p.loops) {
        for (const weft::task_snapshot& t : loop.tasks) tasks_.emplace(t.address, &t);
    }
}

const weft::task_snapshot* task_names::find(weft::task_address a) const {
    const auto found = tasks_.find(a);
    return found == tasks_.end() ? nullptr : found->second;
}

std::string task_names::operator()(weft::task_address a) const {
    const weft::task_snapshot* const t = find(a);
    return t ? "#" + std::to_string(t->id) + " " + printable(t->name) : "a task";
}

std::string kind_of(const weft::wait_snapshot& w) {
    // A stream says what it is by its peer: an address with a port, a path, or a name such as "a pipe".
    if (w.kind.starts_with("stream ")) {
        const std::string what = w.kind.substr(7);
        const std::size_t colon = w.of.rfind(':');
        if (colon != std::string::npos && colon + 1 < w.of.size() &&
            std::all_of(w.of.begin() + static_cast<std::ptrdiff_t>(colon) + 1, w.of.end(),
                        [](unsigned char c) { return std::isdigit(c); }))
            return "tcp " + what;
        if (w.of.starts_with('/') || w.of.starts_with('@')) return "unix " + what;
    }
    return w.kind.empty() ? "something foreign" : w.kind;
}

std::string describe(const weft::wait_snapshot& w, const task_names& names) {
    constexpr std::size_t most_named = 5;
    if (w.lock) {
        if (!w.lock_holder) return "lock";
        return "lock held by #" + std::to_string(w.lock_holder) +
               (w.lock_held_for ? " for " + readable_duration(*w.lock_held_for) : "");
    }
    if (w.ends_in) return w.kind + ", " + readable_duration(*w.ends_in) + " left";
    if (!w.branches.empty()) {
        std::string all = "select of ";
        for (std::size_t i = 0; i < w.branches.size(); ++i) all += (i ? " | " : "") + describe(w.branches[i], names);
        return all;
    }
    if (w.is_orphaned && w.tasks.empty()) return "a task that was destroyed";
    if (!w.tasks.empty()) {
        std::string all = w.kind == "future"
                              ? "task "
                              : w.kind + " of " + (w.tasks.size() > 1 ? std::to_string(w.tasks.size()) + ": " : "");
        for (std::size_t i = 0; i < std::min(w.tasks.size(), most_named); ++i)
            all += (i ? ", " : "") + names(w.tasks[i]);
        return all + (w.tasks.size() > most_named ? ", …" : "");
    }
    return kind_of(w) + (w.of.empty() ? "" : " " + printable(w.of));
}

std::string place_of(const weft::task_snapshot& t) {
    const weft::stack_frame* const frame = weft::own_frame(t);
    return frame ? frame->file + ":" + std::to_string(frame->line) : "";
}

std::string what_is_wrong(const weft::process_snapshot& p, const std::vector<weft::finding>& findings,
                          const terminal& screen) {
    std::string text;
    const auto add = [&](const std::string& kind, const std::string& what) {
        text += screen.in(terminal::colour::red, "! " + kind + ": ") + printable(what) + "\n";
    };
    if (!p.incomplete.empty()) add("incomplete", p.incomplete);
    for (const weft::finding& f : findings) add(to_string(f.is), f.text);
    return text;
}

// JSON

std::string to_json(const weft::stack_frame& f) {
    return json_object().text("function", f.function).text("file", f.file).number("line", f.line).to_string();
}

namespace {

std::string to_json(const weft::wait_snapshot& w) {
    json_object o;
    o.text("kind", w.kind);
    if (!w.of.empty()) o.text("of", w.of);
    if (w.ends_in) o.number("ends_in_ns", *w.ends_in);
    if (!w.tasks.empty()) {
        json_array all;
        for (const weft::task_address a : w.tasks) all.add(std::to_string(a));
        o.add("tasks", all.to_string());
    }
    if (w.is_orphaned) o.truth("orphaned", true);
    if (w.lock) o.number("lock", w.lock).number("lock_holder", w.lock_holder);
    if (w.lock_held_for) o.number("lock_held_ns", *w.lock_held_for);
    if (!w.branches.empty()) {
        json_array all;
        for (const weft::wait_snapshot& b : w.branches) all.add(to_json(b));
        o.add("branches", all.to_string());
    }
    return o.to_string();
}

const char* name_of(weft::loop_activity a) {
    switch (a) {
        case weft::loop_activity::stopped: return "stopped";
        case weft::loop_activity::waiting: return "waiting";
        case weft::loop_activity::running: return "running";
    }
    return "?";
}

}  // namespace

std::string to_json(const weft::task_snapshot& t) {
    json_object o;
    o.number("task", t.address).number("id", t.id).text("name", t.name).text("state", to_string(t.activity));
    o.number("since_ns", t.since);
    if (t.cpu) o.number("cpu_ns", *t.cpu);
    if (t.creator) o.number("creator", t.creator);
    if (t.created_at) o.add("created_at", to_json(*t.created_at));
    if (t.activity == weft::task_activity::waiting || t.activity == weft::task_activity::blocked)
        o.add("wait", to_json(t.wait));
    json_array stack;
    for (const weft::stack_frame& f : t.stack) stack.add(to_json(f));
    o.add("stack", stack.to_string());
    if (t.is_changing) o.truth("changing", true);
    return o.to_string();
}

std::string to_json(const weft::process_snapshot& p, const std::vector<weft::finding>& findings) {
    json_array warnings, loops;
    for (const weft::finding& f : findings) {
        json_array tasks;
        for (const weft::task_address a : f.tasks) tasks.add(std::to_string(a));
        warnings.add(json_object()
                         .text("kind", to_string(f.is))
                         .text("text", f.text)
                         .add("tasks", tasks.to_string())
                         .to_string());
    }
    for (const weft::loop_snapshot& l : p.loops) {
        json_array tasks;
        for (const weft::task_snapshot& t : l.tasks) tasks.add(to_json(t));
        loops.add(json_object()
                      .number("loop", l.address)
                      .number("thread", l.thread)
                      .text("backend", l.backend)
                      .text("state", name_of(l.activity))
                      .number("turn_ns", l.turn_for)
                      .truth("virtual_clock", l.is_virtual)
                      .add("tasks", tasks.to_string())
                      .to_string());
    }
    json_object all;
    if (p.pid) all.number("pid", p.pid);
    if (!p.incomplete.empty()) all.text("incomplete", p.incomplete);
    return all.add("warnings", warnings.to_string()).add("loops", loops.to_string()).to_string();
}
