// SPDX-License-Identifier: Apache-2.0
#include "snapshot.hpp"

#include "json.hpp"
#include "shown_path.hpp"

#include <weft/inspect/capture_stack.hpp>
#include <weft/inspect/diagnose.hpp>
#include <weft/inspect/snapshot.hpp>

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <map>
#include <span>
#include <vector>

namespace showcase {

namespace {

constexpr std::size_t most_tasks = 150;

/// The tasks of a loop by their addresses, which is how waits name them.
using task_ids = std::map<weft::task_address, std::uint64_t>;

std::string to_seconds(std::int64_t nanoseconds) {
    const auto tenths = std::max<std::int64_t>(nanoseconds, 0) / 100'000'000;
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
}

/// "lock held by #7", "sleep, 1.2 s left": what a task waits for, in words.
std::string describe(const weft::wait_snapshot& w, const task_ids& ids) {
    std::string text = w.kind.empty() ? "something" : w.kind;
    if (!w.of.empty()) text += " of " + w.of;
    if (w.ends_in) text += ", " + to_seconds(*w.ends_in) + " left";
    if (w.lock_holder) text += " held by #" + std::to_string(w.lock_holder);
    for (std::size_t i = 0; i < std::min<std::size_t>(w.tasks.size(), 8); ++i) {
        const auto found = ids.find(w.tasks[i]);
        if (found != ids.end()) text += (i == 0 ? " " : ", ") + ('#' + std::to_string(found->second));
    }
    for (std::size_t i = 0; i < w.branches.size(); ++i) text += (i == 0 ? ": " : " | ") + describe(w.branches[i], ids);
    return text;
}

std::string task_to_json(const weft::task_snapshot& t, const task_ids& ids) {
    std::vector<std::uint64_t> awaited;
    for (const weft::task_address each : t.wait.tasks) {
        if (const auto found = ids.find(each); found != ids.end()) awaited.push_back(found->second);
    }
    const bool waits = t.activity == weft::task_activity::waiting || t.activity == weft::task_activity::blocked;
    return json_object()
        .number("id", t.id)
        .text("name", t.name)
        .text("state", to_string(t.activity))
        .number("for_ms", t.since / 1'000'000)
        .number("creator", t.creator)
        .text("waits_for", waits ? describe(t.wait, ids) : "")
        .raw("awaits", json_array(awaited, [](std::uint64_t id) { return std::to_string(id); }))
        .raw("stack", json_array(t.stack, frame_to_json))
        .take();
}

std::string loop_to_json(const weft::loop_snapshot& l) {
    task_ids ids;
    for (const weft::task_snapshot& t : l.tasks) ids.emplace(t.address, t.id);
    const std::span shown(l.tasks.data(), std::min(l.tasks.size(), most_tasks));
    return json_object()
        .number("thread", l.thread)
        .number("left_out", l.tasks.size() - shown.size())
        .raw("tasks", json_array(shown, [&ids](const weft::task_snapshot& t) { return task_to_json(t, ids); }))
        .take();
}

/// Where this process may not read its own memory by way of the kernel, the loop can still be asked: it knows its own
/// tasks, though not what each waits for.
std::string asked_of_the_loop(const std::string& why) {
    const auto tasks = weft::all_tasks();
    const auto describe = [](const weft::any_task& t) {
        return json_object()
            .number("id", t.core().id())
            .text("name", t.name())
            .text("state", t == weft::current_task() ? "running" : "waiting")
            .number("for_ms", 0)
            .number("creator", 0)
            .text("waits_for", "")
            .raw("awaits", "[]")
            .raw("stack", json_array(weft::capture_stack(t), frame_to_json))
            .take();
    };
    const std::string loop =
        json_object().number("thread", 0).number("left_out", 0).raw("tasks", json_array(tasks, describe)).take();
    const std::string warning = json_object().text("is", "less is known").text("text", why).take();
    return json_object().raw("loops", '[' + loop + ']').raw("warnings", '[' + warning + ']').take();
}

}  // namespace

std::string program_to_json() {
    try {
        weft::process_snapshot p = weft::snapshot_process(::getpid());
        const auto warnings = weft::diagnose(p);  // before the tasks are shown: it marks who is blocked
        const auto describe = [](const weft::finding& f) {
            return json_object().text("is", to_string(f.is)).text("text", with_shown_paths(f.text)).take();
        };
        return json_object()
            .raw("loops", json_array(p.loops, loop_to_json))
            .raw("warnings", json_array(warnings, describe))
            .take();
    } catch (const std::exception& e) {
        return asked_of_the_loop(e.what());
    }
}

}  // namespace showcase
