// SPDX-License-Identifier: Apache-2.0
#include "inspect/flight_trace.hpp"

#include "inspect/flight_recording.hpp"
#include "inspect/trace_events.hpp"
#include "loop/operation.hpp"

#include <weft/coro/promise_base.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/loop/task_core.hpp>
#include <weft/loop/waiter.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

// The format is Chrome's "Trace Event Format". Steps are slices ("X") of the loop's thread, within those of its turns.
// Waits and operations, which overlap, are asynchronous ("b", "n", "e"), under the number of the task or operation. From
// the step that wakes a task an arrow ("s", "f") goes to the step that it then makes.

namespace weft::inline v0 {

namespace {

const char* name_of(opcode code) noexcept {
    switch (code) {
        case opcode::accept: return "accept";
        case opcode::receive: return "receive";
        case opcode::send: return "send";
        case opcode::connect: return "connect";
        case opcode::receive_message: return "receive message";
        case opcode::send_message: return "send message";
        case opcode::writable: return "writable";
        case opcode::hang_up: return "hang up";
        case opcode::poll: return "poll";
        case opcode::open: return "open";
        case opcode::read_at: return "read";
        case opcode::write_at: return "write";
        case opcode::sync: return "sync";
        case opcode::stat: return "stat";
    }
    return "operation";
}

class trace_writer {
public:
    trace_writer(trace_events& events, const flight_recording& recording) : events_(events), recording_(recording) {}
    void write(nanos since);

private:
    struct task_notes {
        std::string name{};  // empty: its number's
        std::string function{};  // that it was made of; empty: not known
        std::source_location stands_at{};
        const char* waits_for = nullptr;
        std::uint64_t arrow = 0;  // to its next step; 0: none
    };
    struct operation_notes {
        std::uint64_t number;
        const char* name;
    };

    void note_names();
    void write_record(const flight_record& r);
    void write_step(const flight_record& r);
    void write_awake(task_notes& task, const flight_record& r);
    void write_submission(const flight_record& r);
    void write_result(const flight_record& r);
    void note_arrow(const flight_record& r);
    void begin_arrows(const flight_record& step);
    trace_events& slice(const flight_record& r, const char* category, std::string_view name) {
        return events_.begin('X', category, name, r.when).duration(static_cast<nanos>(r.number()));
    }
    std::string name_of_task(std::uint64_t id) const;
    const std::string& function_at(const std::source_location& place);
    static std::string line_of(const std::source_location& place);

    trace_events& events_;
    const flight_recording& recording_;
    std::unordered_map<std::uint64_t, task_notes> tasks_;  // by id
    std::unordered_map<std::uint64_t, operation_notes> operations_;  // by address: those that are submitted
    std::map<const char*, std::string> functions_;  // by the compiler's name
    std::uint64_t arrows_ = 0, submissions_ = 0;
    std::vector<flight_record> wakes_;  // by tasks, in the step that is recorded next
};

/// The compiler puts the arguments of `create_task(f, x)` into a coroutine around that of f: nobody has written it.
bool is_wrapper(std::string_view function) noexcept { return function.ends_with("call_keeping"); }

const std::string& trace_writer::function_at(const std::source_location& place) {
    const auto [found, is_new] = functions_.try_emplace(place.function_name());
    if (is_new) found->second = readable_function(place.function_name());
    return found->second;
}

std::string trace_writer::line_of(const std::source_location& place) {
    return place.line() == 0 ? "" : place.file_name() + (":" + std::to_string(place.line()));
}

std::string trace_writer::name_of_task(std::uint64_t id) const {
    const auto found = tasks_.find(id);
    return found == tasks_.end() || found->second.name.empty() ? "Task-" + std::to_string(id) : found->second.name;
}

/// Of tasks that are there now, and of those that were created or have ended in the time recorded.
void trace_writer::note_names() {
    const flight_ring& records = recording_.records();
    for (std::size_t i = 0; i < records.size(); ++i) {
        const flight_record& r = records[i];
        if (r.event() == flight_event::named) {
            std::string& name = tasks_[r.subject].name;
            if (name.size() == r.number()) name.append(r.text, ::strnlen(r.text, sizeof r.text));
        }
        if (r.event() != flight_event::created) continue;
        if (const std::string& f = function_at(r.place); !is_wrapper(f)) tasks_[r.subject].function = f;
    }
    if (!recording_.loop()) return;
    recording_.loop()->tasks().for_each([&](task_core& t) {
        task_notes& notes = tasks_[t.id()];
        notes.name = t.name();
        const promise_base* p = t.kind().outermost(t);
        if (p && p->awaited() && is_wrapper(function_at(p->where()))) p = p->awaited();
        if (p && !is_wrapper(function_at(p->where()))) notes.function = function_at(p->where());
    });
}

void trace_writer::write(nanos since) {
    note_names();
    const flight_ring& records = recording_.records();
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (records[i].end() >= since) write_record(records[i]);
    }
}

void trace_writer::write_record(const flight_record& r) {
    switch (r.event()) {
        case flight_event::waited: return slice(r, "loop", "wait for the kernel").end();
        case flight_event::turn:
            return slice(r, "loop", "turn").argument("steps", static_cast<std::int64_t>(r.subject)).end();
        case flight_event::callback: return slice(r, "callback", "callback").end();
        case flight_event::wrote: return slice(r, "recorder", "write a trace").end();
        case flight_event::step:
        case flight_event::last_step: return write_step(r);
        case flight_event::suspended: {
            task_notes& task = tasks_[r.subject];
            task.waits_for = r.wait->name;
            events_.begin('b', "wait", task.waits_for, r.when).id(r.subject);
            return events_.argument("task", name_of_task(r.subject)).argument("at", line_of(task.stands_at)).end();
        }
        case flight_event::created: return note_arrow(r);
        case flight_event::woken: return write_awake(tasks_[r.subject], r);
        case flight_event::named: return;  // it is known already
        case flight_event::submitted: return write_submission(r);
        case flight_event::brought:
        case flight_event::completed:
        case flight_event::cancelled: return write_result(r);
    }
}

void trace_writer::write_step(const flight_record& r) {
    begin_arrows(r);
    task_notes& task = tasks_[r.subject];
    const bool is_last = r.event() == flight_event::last_step;
    if (const auto arrow = std::exchange(task.arrow, 0)) {
        events_.begin('f', "wake", "wake", r.when).id(arrow).binds_to_enclosing_slice().end();
    }
    const std::source_location resumed_at = is_last ? r.place : task.stands_at;
    const std::string name = name_of_task(r.subject);
    slice(r, "task", !task.function.empty() ? task.function : r.place.line() ? function_at(r.place) : name);
    events_.argument("task", name);
    if (resumed_at.line()) events_.argument("resumed at", line_of(resumed_at));
    if (is_last) {
        events_.argument("then", "it has ended");
    } else if (r.place.line()) {
        events_.argument("then at", line_of(r.place));
    }
    events_.end();
    task.stands_at = r.place;
}

void trace_writer::write_awake(task_notes& task, const flight_record& r) {
    if (task.waits_for) {
        events_.begin('e', "wait", std::exchange(task.waits_for, nullptr), r.when).id(r.subject);
        events_.argument("woken by", r.number() == by_the_loop         ? "the loop"
                                     : r.number() == by_another_thread ? "another thread"
                                                                       : name_of_task(r.number()));
        events_.end();
    }
    note_arrow(r);
}

void trace_writer::note_arrow(const flight_record& r) {
    if (r.number() != by_the_loop && r.number() != by_another_thread) wakes_.push_back(r);
}

/// Arrows from a step. One from a step that is not there, for the recorder came or the trace is written in its midst, would come
/// from nowhere.
void trace_writer::begin_arrows(const flight_record& step) {
    for (const flight_record& wake : wakes_) {
        if (wake.number() != step.subject || wake.when < step.when) continue;
        std::uint64_t& arrow = tasks_[wake.subject].arrow = ++arrows_;
        events_.begin('s', "wake", "wake", wake.when).id(arrow).end();
    }
    wakes_.clear();
}

void trace_writer::write_submission(const flight_record& r) {
    const operation_notes notes{.number = ++submissions_, .name = name_of(static_cast<opcode>(r.number()))};
    if (const auto old = operations_.find(r.subject);
        old != operations_.end()) {  // paused, or displaced, without a word
        events_.begin('e', "operation", old->second.name, r.when).id(old->second.number).end();
    }
    operations_.insert_or_assign(r.subject, notes);
    events_.begin('b', "operation", notes.name, r.when).id(notes.number).argument("descriptor", r.result).end();
}

void trace_writer::write_result(const flight_record& r) {
    const auto found = operations_.find(r.subject);
    if (found == operations_.end()) return;
    const operation_notes notes = found->second;
    events_.begin(r.event() == flight_event::brought ? 'n' : 'e', "operation", notes.name, r.when).id(notes.number);
    if (r.event() == flight_event::cancelled) {
        events_.argument("result", "cancelled");
    } else if (r.result < 0) {
        events_.argument("result", std::generic_category().message(static_cast<int>(-r.result)));
    } else {
        events_.argument("result", r.result);
    }
    events_.end();
    if (r.event() != flight_event::brought) operations_.erase(found);
}

}  // namespace

void write_trace(std::ostream& out, const flight_recording& recording, clock::duration last) {
    const flight_ring& records = recording.records();
    nanos newest = 0;
    for (std::size_t i = 0; i < records.size(); ++i) newest = std::max(newest, records[i].end());
    const nanos since = newest - std::min(to_nanos(last), newest);
    out << "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
    {
        trace_events events(out, ::getpid(), ::syscall(SYS_gettid));
        events.begin('M', "__metadata", "process_name", 0).argument("name", program_invocation_short_name).end();
        events.begin('M', "__metadata", "thread_name", 0).argument("name", "loop on " + recording.backend_name()).end();
        trace_writer(events, recording).write(since);
    }
    out << "\n]}\n";
}

}  // namespace weft::inline v0
