// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inspect/reading_rounds.hpp"

#include <weft/inspect/snapshot.hpp>
#include <weft/inspect/target_memory.hpp>
#include <weft/loop/registry.hpp>
#include <weft/loop/wait_subject.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace weft::inline v0 {

/// Reads the registry of a program, layout version 2 (see loop/registry.hpp), for one snapshot.
///
/// The program runs on meanwhile. So all that is read of a task is noted, and when all tasks have been seen, read once more: those
/// for which it is the same were as they are shown at one and the same moment, in between. The others are looked at again,
/// and marked as changing.
class registry_reader {
public:
    /// @param head  where it is  @param now  of CLOCK_MONOTONIC; empty: the target has no present
    /// @throws std::runtime_error  it is no registry, or one of a later version
    registry_reader(const target_memory& memory, std::uint64_t head, std::optional<std::int64_t> now,
                    const snapshot_options& options);

    /// Adds the loops with their tasks.
    void read_loops(std::vector<loop_snapshot>& loops);

private:
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
    /// A wait that is being looked at, and the task whose it is.
    struct wait_in_sight {
        seen_task* task;
        wait_snapshot* wait;
        std::uint64_t waiter;
    };

    void read_tasks(std::uint64_t root_at, loop_snapshot& loop);
    void find_tasks(std::uint64_t root_at, std::uint64_t first_page, std::deque<seen_task>& tasks);
    void look_at(seen_task& t);
    void drop_if_gone(seen_task& t);
    void look_again(std::deque<seen_task>& tasks);
    void on_task(seen_task& t, const std::byte* bytes);
    void ask_outermost(seen_task& t, std::uint64_t handle);
    void ask_chain(seen_task& t, std::uint64_t promise);
    void ask_innermost(seen_task& t);
    void add_frame(seen_task& t, std::uint64_t promise, const std::byte* bytes);
    void ask_whether_fiber(seen_task& t, std::uint64_t frame);
    void ask_parked_stack(seen_task& t, std::size_t at, std::uint64_t fiber, std::uint64_t last, unsigned most);
    bool belongs(const seen_task& t, const std::byte* promise) const;
    void finish(seen_task& t, const raw_root& root) const;
    void read_wakes(std::uint64_t root_at, loop_snapshot& loop);

    void ask_wait(const wait_in_sight& w, bool is_branch);
    void ask_subject(const wait_in_sight& w, const wait_subject& subject, bool is_branch);
    void ask_future(const wait_in_sight& w, std::uint64_t future);
    void ask_hooks(const wait_in_sight& w, std::uint64_t vector, std::uint16_t to_future);
    /// Where going through a list has come to. A circle that does not lead through its head is noticed by coming by `before`,
    /// which moves on whenever twice as many steps have been taken (Brent).
    struct list_walk {
        std::uint64_t head, before = 0;
        std::size_t taken = 0, moves_at = 1;
    };
    void ask_member(const wait_in_sight& w, std::uint64_t node, list_walk walk, const wait_subject& subject);
    void ask_descriptors(const wait_in_sight& w, std::uint64_t array, std::uint64_t count);
    void ask_peer(const wait_in_sight& w, std::uint64_t stream, const wait_subject& subject);
    void resolve_futures(wait_snapshot& wait) const;
    void confirm_holders(loop_snapshot& loop) const;

    template <class T, class Then>
    void ask(seen_task& t, std::uint64_t address, Then then);
    void ask_string(seen_task& t, std::uint64_t string, std::function<void(std::string)> then);

    std::int64_t since(std::uint32_t tick) const noexcept;
    std::int64_t since_turn(std::int64_t time) const noexcept;
    const seen_kind& kind_at(std::uint64_t address);
    const seen_wait_kind& wait_kind_at(std::uint64_t address);
    const stack_frame& location_at(std::uint64_t address);

    const target_memory& memory_;
    const std::optional<std::int64_t> now_;
    const snapshot_options options_;
    registry_layout layout_{};
    std::uint64_t roots_ = 0;
    std::optional<fiber_layout> fibers_;  // unset: there are none
    std::size_t task_bytes_ = 0, promise_bytes_ = 0;
    std::int64_t loop_now_ = 0;  // of the loop that is being read
    reading_rounds rounds_;
    std::uint16_t holder_in_lock_ = 0;
    std::size_t left_text_ = 64 << 20;  // of the names of files and functions, so many bytes
    std::unordered_map<std::uint64_t, std::uint64_t> root_of_page_;  // it belongs to the first one that names it
    std::unordered_map<std::uint64_t, seen_kind> kinds_;
    std::unordered_map<std::uint64_t, seen_wait_kind> wait_kinds_;
    std::unordered_map<std::uint64_t, stack_frame> locations_;
    std::unordered_map<std::uint64_t, task_address> task_of_future_;
    enum class future_state : std::uint8_t { done, of_a_task, of_a_destroyed_task, of_nobody };
    std::unordered_map<std::uint64_t, future_state> futures_;  // those asked for
};

}  // namespace weft::inline v0
