// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/terminal.hpp"

#include <weft/inspect/diagnose.hpp>
#include <weft/inspect/snapshot.hpp>

#include <string>
#include <unordered_map>
#include <vector>

// What the commands say of tasks, as text.

/// The tasks of a snapshot by where they are.
class task_names {
public:
    explicit task_names(const weft::process_snapshot& p);
    /// "#7 worker"; "a task" if it is none of the snapshot's
    std::string operator()(weft::task_address a) const;
    const weft::task_snapshot* find(weft::task_address a) const;

private:
    std::unordered_map<weft::task_address, const weft::task_snapshot*> tasks_;
};

/// "tcp read 10.0.0.7:5432", "lock held by #1790", "sleep, 3.2 s left"
std::string describe(const weft::wait_snapshot& w, const task_names& names);
/// The same without what differs between tasks that do the same: "tcp read", "sleep".
std::string kind_of(const weft::wait_snapshot& w);

/// "server.cpp:12 serve"; "/usr/lib/libpq.so.5 PQexec" where the line is not known
std::string describe(const weft::stack_frame& f);
/// Where its own_frame() is: "server.cpp:12", or empty
std::string place_of(const weft::task_snapshot& t);

/// A line for each thing that is wrong, "! deadlock: …"; first, that not all may be here.
std::string what_is_wrong(const weft::process_snapshot& p, const std::vector<weft::finding>& findings,
                          const terminal& screen);
