// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/traceback.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0 {

/// Names a task for as long as it lives: where it is in its process's memory.
using task_address = std::uint64_t;

/// What a task waits for.
struct wait_snapshot {
    std::string kind;  ///< "sleep", "lock", "stream read": the wait_kind's name; empty for a foreign awaiter
    std::string of;  ///< "10.0.0.7:5432", "example.org", "pid 4711": as far as that is known
    std::optional<std::int64_t> ends_in{};  ///< nanoseconds, of a sleep; negative: it is due
    /// The tasks whose ends it waits for: one, or those of a gather, a wait, a group.
    std::vector<task_address> tasks{};
    bool one_is_enough = false;  ///< of these tasks, as for as_completed()
    bool may_end_otherwise = false;  ///< by a future that is no task's, or at some time
    /// It waits for a task that was destroyed before its end: nobody will wake it.
    bool is_orphaned = false;
    std::uint64_t lock = 0;  ///< the lock's address, for a wait in its line
    std::uint64_t lock_holder =
        0;  ///< the id of the task that locked it (and may have handed the guard on); 0: none did
    std::optional<std::int64_t> lock_held_for{};  ///< nanoseconds
    std::vector<wait_snapshot> branches{};  ///< of a select
};

/// What made a task ready, as a flight recorder of its loop has noted it.
struct wake_snapshot {
    enum class waker : std::uint8_t { loop, task, another_thread };
    waker by = waker::loop;  ///< loop: what it waited for came from the kernel, or was a time
    std::uint64_t task = 0;  ///< the waking task's id
    std::int64_t ago = 0;  ///< nanoseconds
    std::string wait{};  ///< the kind of wait that this ended; empty: it had yielded, or that is not known
};

/// Where the stack of a fiber that waits begins. Its frames are for who can unwind it: `weft` can, by libdw.
struct parked_stack {
    std::size_t at = 0;  ///< in `stack` of the task; several of one place: the inner before who has switched to it
    std::uint64_t stack_pointer = 0;
    std::uint64_t program_counter = 0;
    std::uint64_t kept_at = 0;  ///< in memory: where the stack pointer was read
};

enum class task_activity : std::uint8_t { running, ready, waiting, blocked };
const char* to_string(task_activity a) noexcept;

/// A task as it was at one moment.
struct task_snapshot {
    task_address address = 0;
    std::uint64_t id = 0;
    std::string name;
    /// ready: to run in this turn or the next; blocked: it waits, and for something that cannot come (see find_deadlocks)
    task_activity activity = task_activity::waiting;
    std::int64_t since = 0;  ///< nanoseconds that it has been so; what is ready or waits: since it last ran, to 17 ms
    std::optional<std::int64_t> cpu{};  ///< nanoseconds, taken while somebody looked; unset: nobody has
    std::uint64_t creator = 0;  ///< the id of the task that created it (its low 32 bits); 0: none did
    std::optional<stack_frame> created_at{};
    wait_snapshot wait{};  ///< of one that waits
    std::vector<stack_frame> stack{};  ///< the chain of awaits, the innermost last; perhaps the innermost alone
    std::vector<std::uint64_t> frames{};  ///< of each of these the address of its coroutine frame
    std::vector<parked_stack> fibers{};  ///< those in `stack` that stand still
    std::optional<wake_snapshot> woken{};  ///< the last time, if that was asked for and is known
    bool is_changing = false;  ///< it ran on while it was looked at: the stack may be of two moments
};

/// The innermost coroutine that is none of weft's own, or the innermost; null: there is none.
const stack_frame* own_frame(const task_snapshot& t) noexcept;

enum class loop_activity : std::uint8_t { stopped, waiting, running };

struct loop_snapshot {
    std::uint64_t address = 0;
    std::uint64_t thread = 0;  ///< the kernel's id of the thread that runs it; 0: none does
    std::string backend;
    loop_activity activity = loop_activity::stopped;
    std::int64_t turn_for =
        0;  ///< nanoseconds since what is ready began to be run; while it runs: it hears of nothing else
    bool is_virtual = false;  ///< its clock is none of the system's
    bool is_recorded = false;  ///< by a flight recorder, of which the wakes are; unset if they were not asked for
    std::vector<task_snapshot> tasks;  ///< by id
};

struct process_snapshot {
    int pid = 0;  ///< 0: out of a core file
    std::vector<loop_snapshot> loops;  ///< by thread
    std::string incomplete{};  ///< why not all may be here: a core file was cut short; empty: all is
};

struct snapshot_options {
    bool whole_stacks = true;  ///< else the innermost coroutine of each task alone, which is cheaper
    std::size_t deepest = 256;  ///< of a stack, what is further in than this is left out, but for the innermost
    bool wakes = false;  ///< who woke each task last, out of the memory of a flight recorder, if the loop has one
};

/// Looks at the tasks of another process, or of this one, by reading its memory. It needs no cooperation, no debug
/// information, and does not stop it; so a task that runs on meanwhile is looked at again, and marked if it is never still.
/// @throws std::system_error (no_such_process; operation_not_permitted, with the setting that says so);
///         std::runtime_error  it is no program with weft in it, or one of a later layout
/// @cost some system calls for each thousand tasks  @see process_vm_readv(2), `weft ps`
process_snapshot snapshot_process(int pid, const snapshot_options& options = {});

/// The same of a core file. `program` is what ran: constants are read there. Times are as of each loop's last turn.
/// @throws std::system_error, std::runtime_error
process_snapshot snapshot_core(const std::string& core, const std::string& program,
                               const snapshot_options& options = {});

/// Asks the loops of a process to take the CPU time of each step of a task from their next turn on, for so many seconds.
/// Writes one word into its memory. @throws as snapshot_process()  @cost there: two system calls a step meanwhile
void take_cpu_times(int pid, unsigned seconds);

}  // namespace weft::inline v0
