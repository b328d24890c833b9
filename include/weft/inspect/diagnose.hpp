// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/snapshot.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace weft::inline v0 {

/// Something that is wrong, or may be.
struct finding {
    enum class what : std::uint8_t {
        loop_blocked,  ///< a loop has been running one turn for long: nothing else of it happens
        deadlock,  ///< tasks wait for one another in a circle
        lock_abandoned,  ///< a lock that is waited for was locked by a task that has ended
        lock_held,  ///< a lock that is waited for has been held for long
        orphaned,  ///< a task waits for one that was destroyed before its end
    };
    what is;
    std::string text;  ///< a sentence without a full stop, naming the tasks
    std::vector<task_address> tasks;  ///< of a deadlock: each waits for the next one, the last for the first
};
const char* to_string(finding::what w) noexcept;

struct diagnose_options {
    std::chrono::nanoseconds loop_blocked = std::chrono::milliseconds(500);
    std::chrono::nanoseconds lock_held = std::chrono::seconds(1);
};

/// Looks for what is wrong, the worst first, and marks in the snapshot the tasks that are blocked: those that wait for
/// something that cannot come before they go on themselves, and those that wait for such tasks.
///
/// Joins, gathers, groups and locks are waits for all of what they name; wait(), as_completed() and select() for one of it.
/// A wait for anything else may end. (So may any wait by a timeout, or by being cancelled: a deadlock says that nothing but
/// that will help.)
std::vector<finding> diagnose(process_snapshot& p, const diagnose_options& options = {});

}  // namespace weft::inline v0
