// SPDX-License-Identifier: Apache-2.0
#include "inspect/core_memory.hpp"
#include "inspect/find_registry.hpp"
#include "inspect/process_memory.hpp"
#include "inspect/registry_reader.hpp"

#include <weft/base/clock.hpp>
#include <weft/inspect/snapshot.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

process_snapshot snapshot(const target_memory& memory, const std::string& who, std::optional<std::int64_t> now,
                          const snapshot_options& options) {
    process_snapshot all;
    std::exception_ptr problem;
    bool any = false;
    // A file that is mapped as data may look like a program, too: whatever is a registry counts.
    for (const std::uint64_t head : find_registries(memory, who)) {
        try {
            registry_reader(memory, head, now, options).read_loops(all.loops);
            any = true;
        } catch (const std::runtime_error&) {
            problem = std::current_exception();
        }
    }
    if (!any && problem) std::rethrow_exception(problem);
    std::ranges::sort(all.loops, {}, [](const loop_snapshot& l) { return std::pair(l.thread, l.address); });
    return all;
}

std::string name_of(int pid) { return "process " + std::to_string(pid); }

}  // namespace

const char* to_string(task_activity a) noexcept {
    switch (a) {
        case task_activity::running: return "running";
        case task_activity::ready: return "ready";
        case task_activity::waiting: return "waiting";
        case task_activity::blocked: return "blocked";
    }
    return "?";
}

const stack_frame* own_frame(const task_snapshot& t) noexcept {
    for (auto frame = t.stack.rbegin(); frame != t.stack.rend(); ++frame) {
        if (!frame->function.starts_with("weft::")) return &*frame;
    }
    return t.stack.empty() ? nullptr : &t.stack.back();
}

process_snapshot snapshot_process(int pid, const snapshot_options& options) {
    const process_memory memory(pid);
    process_snapshot all = snapshot(memory, name_of(pid), to_nanos(clock::now()), options);
    all.pid = pid;
    return all;
}

process_snapshot snapshot_core(const std::string& core, const std::string& program, const snapshot_options& options) {
    const core_memory memory(core, program);
    const std::string missing = memory.what_is_missing();
    try {
        process_snapshot all = snapshot(memory, core, std::nullopt, options);
        all.incomplete = missing;
        return all;
    } catch (const std::runtime_error& e) {
        if (missing.empty()) throw;
        throw std::runtime_error(std::string(e.what()) + "; " + missing);
    }
}

void take_cpu_times(int pid, unsigned seconds) {
    const process_memory memory(pid);
    const std::uint64_t until =
        static_cast<std::uint64_t>(to_nanos(clock::now())) + seconds * std::uint64_t(1'000'000'000);
    for (const std::uint64_t head : find_registries(memory, name_of(pid))) {
        if (!memory.write(head + offsetof(registry_head, watched_until), until))
            throw std::system_error(errno, std::generic_category(), "writing into " + name_of(pid));
    }
}

}  // namespace weft::inline v0
