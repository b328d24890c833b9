// SPDX-License-Identifier: Apache-2.0
#include "weft/snapshot_json.hpp"

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

json_object json_of(const weft::task_snapshot& t) {
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
    return o;
}

json_object json_of(const weft::loop_snapshot& l) {
    return json_object()
        .number("loop", l.address)
        .number("thread", l.thread)
        .text("backend", l.backend)
        .text("state", name_of(l.activity))
        .number("turn_ns", l.turn_for)
        .truth("virtual_clock", l.is_virtual);
}

json_object json_of(const weft::process_snapshot& p, const std::vector<weft::finding>& findings) {
    json_array warnings;
    for (const weft::finding& f : findings) {
        json_array tasks;
        for (const weft::task_address a : f.tasks) tasks.add(std::to_string(a));
        warnings.add(json_object()
                         .text("kind", to_string(f.is))
                         .text("text", f.text)
                         .add("tasks", tasks.to_string())
                         .to_string());
    }
    json_object all;
    if (p.pid) all.number("pid", p.pid);
    if (!p.incomplete.empty()) all.text("incomplete", p.incomplete);
    return all.add("warnings", warnings.to_string());
}

std::string loops_to_json(const weft::process_snapshot& p, const more_of_task& more) {
    json_array loops;
    for (const weft::loop_snapshot& l : p.loops) {
        json_array tasks;
        for (const weft::task_snapshot& t : l.tasks) {
            json_object task = json_of(t);
            if (more) more(task, t);
            tasks.add(task.to_string());
        }
        loops.add(json_of(l).add("tasks", tasks.to_string()).to_string());
    }
    return loops.to_string();
}
