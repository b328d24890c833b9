// SPDX-License-Identifier: Apache-2.0
#include "weft/resumed_by.hpp"

#include "weft/json.hpp"
#include "weft/terminal.hpp"

namespace {

using waker = weft::wake_snapshot::waker;

std::string describe_waker(const weft::wake_snapshot& w, const weft::task_snapshot& t,
                           const weft::loop_snapshot& loop) {
    switch (w.by) {
        case waker::loop: return "the loop";
        case waker::another_thread: return "another thread";
        case waker::task: break;
    }
    if (w.task == t.id) return "itself";
    for (const weft::task_snapshot& other : loop.tasks) {
        if (other.id == w.task) return "#" + std::to_string(w.task) + " " + printable(other.name);
    }
    return "#" + std::to_string(w.task) + ", which has ended";
}

const char* name_of(waker by) {
    switch (by) {
        case waker::loop: return "loop";
        case waker::task: return "task";
        case waker::another_thread: return "another thread";
    }
    return "?";
}

}  // namespace

bool was_resumed(const weft::task_snapshot& t, std::optional<bool> has_begun) {
    return has_begun.value_or(t.activity != weft::task_activity::ready || t.woken);
}

std::string describe_resumer(const weft::task_snapshot& t, const weft::loop_snapshot& loop,
                             std::optional<bool> has_begun) {
    const std::string whose =
        loop.thread ? "the loop of thread " + std::to_string(loop.thread) : "a loop that nobody runs now";
    if (!was_resumed(t, has_begun)) return has_begun ? "not resumed yet" : "to be resumed by " + whose;
    std::string text = "resumed by " + whose + ", " + readable_duration(t.since) + " ago; ";
    if (!t.woken) {
        return text + (loop.is_recorded ? "who woke it the flight recorder has not, or not any more"
                                        : "who woke it is not known: no flight recorder runs");
    }
    text += "woken by " + describe_waker(*t.woken, t, loop) + ", " + readable_duration(t.woken->ago) + " ago";
    return text + (t.woken->wait.empty() ? "" : ", out of its wait: " + printable(t.woken->wait));
}

std::string describe_entry(const weft::task_snapshot& t, std::size_t frame) {
    return frame == 0 ? "entered by the loop"
                      : "entered by " + printable(t.stack[frame - 1].function) + ", which awaits it";
}

std::string resumer_to_json(const weft::task_snapshot& t, const weft::loop_snapshot& loop) {
    json_object o;
    o.text("by", "loop").number("thread", loop.thread).number("ago_ns", t.since);
    o.truth("recorded", loop.is_recorded);
    if (t.woken) {
        json_object woken;
        woken.text("by", name_of(t.woken->by));
        if (t.woken->by == waker::task) woken.number("task", t.woken->task);
        woken.number("ago_ns", t.woken->ago);
        if (!t.woken->wait.empty()) woken.text("wait", t.woken->wait);
        o.add("woken", woken.to_string());
    }
    return o.to_string();
}

std::string entry_to_json(const weft::task_snapshot& t, std::size_t frame) {
    if (frame == 0) return json_object().text("by", "loop").to_string();
    return json_object()
        .text("by", "coroutine")
        .text("function", t.stack[frame - 1].function)
        .number("frame", t.frames[frame - 1])
        .to_string();
}
