// SPDX-License-Identifier: Apache-2.0
#include "weft/describe.hpp"
#include "weft/terminal.hpp"

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

namespace {
std::string place_of(const weft::stack_frame& f) { return f.line ? f.file + ":" + std::to_string(f.line) : f.file; }
}  // namespace

std::string describe(const weft::stack_frame& f) { return place_of(f) + " " + f.function; }

std::string place_of(const weft::task_snapshot& t) {
    const weft::stack_frame* const frame = weft::own_frame(t);
    return frame ? place_of(*frame) : "";
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
