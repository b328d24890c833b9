// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/traceback.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

namespace weft::inline v0 {

/// A frame of an exception's traceback.
struct traced_frame : stack_frame {
    std::size_t times = 1;  ///< in a row: more than one by recursion
    std::size_t left_out = 0;  ///< frames between this one and the next that were left out, the path being long
};

/// The coroutines that an exception came out of, and where each stood: the oldest call first, as Python has it. Across
/// tasks and threads: who awaited a task comes before the task. A coroutine stands at the last co_await or co_yield that
/// it passed; before the first, at its first line (compiled by GCC 14: its last).
///
/// It belongs to the exception object, which gets it by coming out of a weft::task, generator or async_generator. Of a long
/// path the middle is left out; of more than 1 024 exceptions that live, those that came through nothing for the longest
/// time lose theirs, and are none the worse otherwise.
/// @return empty if the exception has come out of no coroutine, or for a null pointer
/// @thread any  @see BaseException.__traceback__
std::vector<traced_frame> traceback_of(const std::exception_ptr& error);

/// The exception as Python prints it, ending in a new line: its traceback, with the lines of source where the files are
/// found, its type and what it says.
///
///     Traceback (most recent call last):
///       File "shop.cpp", line 31, in main_task
///         co_await order("tea");
///       File "shop.cpp", line 20, in order
///         auto c = co_await weft::open_connection("127.0.0.1", 1);
///     weft::connect_error: connect to 127.0.0.1:1: connection refused
///
/// An exception_group is printed as a tree. A std::nested_exception comes with what it was thrown for. Recursion is
/// folded. weft's own coroutines are left out (traceback_of() has them), unless there are no others.
/// @cost reads files: for reports, not for the hot path
/// @thread any  @see traceback.format_exception, describe_exception
std::string format_exception(const std::exception_ptr& error);

/// The same, to stderr. Never throws: without memory it says so. @see traceback.print_exception
void print_exception(const std::exception_ptr& error) noexcept;

}  // namespace weft::inline v0
