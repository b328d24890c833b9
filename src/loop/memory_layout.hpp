// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/loop/done_hook.hpp>
#include <weft/loop/registry.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/loop/waiter.hpp>

#include <cstddef>
#include <cstdint>

namespace weft::inline v0 {

/// Measures at which distances the members lie that the registry's readers look at, and so is a friend of all who have such.
/// (offsetof of a class that is not of standard layout is a constant for GCC and Clang where, as here, no member is of a
/// virtual base.)
struct memory_layout {
    static constexpr registry_layout measure() {
        return {
            .task_execution = offsetof(task_core, resume_point_) - offsetof(execution, resume_point_),
            .task_resume_point = offsetof(task_core, resume_point_),
            .task_kind = offsetof(task_core, kind_),
            .task_is_queued = offsetof(task_core, queued_),
            .task_waiting_at = offsetof(task_core, waiting_at_),
            .task_suspended_since = offsetof(task_core, suspended_since_),
            .task_id_or_extras = offsetof(task_core, id_or_extras_),
            .kind_to_body = offsetof(task_kind, to_body),
            .kind_to_future = offsetof(task_kind, to_future),
            .extras_id = offsetof(task_extras, id),
            .extras_name = offsetof(task_extras, name),
            .future_status = offsetof(future_core, status_),
            .future_made_by = offsetof(future_core, made_by_),
            .handle_to_promise = 2 * sizeof(void*),  // which promise_base::handle() counts on as well
            .promise_execution = offsetof(promise_base, execution_),
            .promise_awaited = offsetof(promise_base, awaited_),
            .promise_created_at = offsetof(promise_base, created_at_),
            .promise_where = offsetof(promise_base, where_),
            .location_file = offsetof(location, file),
            .location_function = offsetof(location, function),
            .location_line = offsetof(location, line),
            .waiter_kind = offsetof(waiter, kind_),
            .wait_kind_name = offsetof(wait_kind, name),
            .wait_kind_subject = offsetof(wait_kind, subject),
            .string_text = offsetof(string, text),
            .string_size = offsetof(string, size),
            .vector_begin = offsetof(vector, begin),
            .vector_end = offsetof(vector, end),
            .list_first = offsetof(list_node, next_),
            .node_next = offsetof(list_node, next_),
            .root_flight_records = offsetof(registry_root, flight_records),
            .head_fibers = offsetof(registry_head, fibers),
        };
    }
    /// In what a done_hook points at: for those who describe a wait that has some.
    static constexpr std::uint16_t future_of_notice = offsetof(done_hook::notice, future_);

private:
    // As libstdc++ has had them since 2015; snapshot_test of inspect would not pass otherwise.
    struct location {
        const char *file, *function;
        unsigned line, column;
    };
    struct string {
        const char* text;
        std::size_t size;
    };
    struct vector {
        const void *begin, *end;
    };
};

}  // namespace weft::inline v0
