// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inspect/reading_rounds.hpp"
#include <weft/inspect/target_memory.hpp>

#include <weft/inspect/snapshot.hpp>
#include <weft/loop/registry.hpp>
#include <weft/loop/wait_subject.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace weft::inline v0 {

/// Reads the registry of a program, layout version 2 (see loop/registry.hpp), for one snapshot.
class registry_reader {
public:
    /// @param head  where it is  @param now  of CLOCK_MONOTONIC; empty: the target has no present
    /// @throws std::runtime_error  it is no registry, or one of a later version
    registry_reader(const target_memory& memory, std::uint64_t head, std::optional<std::int64_t> now,
                    const snapshot_options& options);

    /// Adds the loops with their tasks.
    void read_loops(std::vector<loop_snapshot>& loops);

private:
    // What lies in the target, as words
    struct raw_root;
    struct raw_page;
    struct seen_task;
    struct seen_kind {
        std::int32_t to_body = 0, to_future = 0;
    };
    struct seen_wait_kind {
        std::string name;
        wait_subject subject;
    };

    void read_tasks(const raw_root& root, loop_snapshot& loop);
    void find_tasks(std::uint64_t first_page, std::vector<seen_task>& tasks);
    void look_at(seen_task& t);
    void on_task(seen_task& t, const std::byte* bytes);
    void ask_outermost(seen_task& t, std::uint64_t handle);
    void ask_chain(seen_task& t, std::uint64_t promise);
    void ask_innermost(seen_task& t);
    void add_frame(seen_task& t, std::uint64_t promise, const std::byte* bytes);
    bool belongs(const seen_task& t, const std::byte* promise) const;
    void on_waiter(seen_task& t, std::uint64_t waiter, wait_snapshot& wait);
    void on_subject(seen_task& t, std::uint64_t waiter, const wait_subject& subject, wait_snapshot& wait);
    void ask_future(wait_snapshot& wait, std::uint64_t future);
    void ask_hooks(wait_snapshot& wait, std::uint64_t vector, std::uint16_t to_future);
    void ask_member(wait_snapshot& wait, std::uint64_t node, std::uint64_t head, const wait_subject& subject,
                    std::size_t left);
    void ask_string(std::uint64_t string, std::function<void(std::string)> then);
    void look_again(std::vector<seen_task>& tasks);
    void finish(seen_task& t, const raw_root& root) const;
    void resolve_futures(wait_snapshot& wait);

    const seen_kind& kind_at(std::uint64_t address);
    const seen_wait_kind& wait_kind_at(std::uint64_t address);
    const stack_frame& location_at(std::uint64_t address);

    const target_memory& memory_;
    const std::optional<std::int64_t> now_;
    const snapshot_options options_;
    registry_layout layout_{};
    std::uint64_t roots_ = 0;
    std::size_t task_bytes_ = 0, promise_bytes_ = 0;
    std::int64_t loop_now_ = 0;  // of the loop that is being read
    reading_rounds rounds_;
    std::unordered_map<std::uint64_t, seen_kind> kinds_;
    std::unordered_map<std::uint64_t, seen_wait_kind> wait_kinds_;
    std::unordered_map<std::uint64_t, stack_frame> locations_;
    std::unordered_map<std::uint64_t, task_address> task_of_future_;
    std::unordered_set<std::uint64_t> pending_task_futures_;  // of those asked for
};

}  // namespace weft::inline v0
