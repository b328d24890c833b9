// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/json.hpp"

#include <weft/inspect/diagnose.hpp>
#include <weft/inspect/snapshot.hpp>

#include <functional>
#include <string>
#include <vector>

// What the commands say of tasks, as JSON.

std::string to_json(const weft::stack_frame& f);

json_object json_of(const weft::task_snapshot& t);
/// Of a loop all but its tasks.
json_object json_of(const weft::loop_snapshot& l);
/// `"pid"`, if it is a process, and `"warnings"`: what every snapshot begins with.
json_object json_of(const weft::process_snapshot& p, const std::vector<weft::finding>& findings);

/// Says more of a task.
using more_of_task = std::function<void(json_object&, const weft::task_snapshot&)>;
/// The loops with their tasks, as an array.
std::string loops_to_json(const weft::process_snapshot& p, const more_of_task& more = {});
