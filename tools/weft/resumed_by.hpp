// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/snapshot.hpp>

#include <cstddef>
#include <optional>
#include <string>

// Who resumed a suspended coroutine, as far as that is kept. It is the loop that resumes a task, at its innermost coroutine;
// the others are entered by the one that awaits them, and go on when the one that they await is done. Who had woken the task
// nobody keeps but a flight recorder.

/// @param has_begun  whether its outermost coroutine has; empty: the frame does not say, there is no debug information
bool was_resumed(const weft::task_snapshot& t, std::optional<bool> has_begun);

/// Of a task: "not resumed yet", or "resumed by the loop of thread 21377, 2.6 s ago; woken by #3 right, 2.6 s ago, out of its wait: event"
std::string describe_resumer(const weft::task_snapshot& t, const weft::loop_snapshot& loop,
                             std::optional<bool> has_begun);
/// Of one of its coroutines, the outermost being number 0: "entered by app::outer, which awaits it"
std::string describe_entry(const weft::task_snapshot& t, std::size_t frame);

/// `{"by": "loop", "thread": 21377, "ago_ns": 2600000000, "recorded": true, "woken": {"by": "task", "task": 3, "ago_ns": …,
/// "wait": "event"}}`, "woken" only if that is known
std::string resumer_to_json(const weft::task_snapshot& t, const weft::loop_snapshot& loop);
/// `{"by": "coroutine", "function": "app::outer", "frame": 94823}`, or by "loop"
std::string entry_to_json(const weft::task_snapshot& t, std::size_t frame);
