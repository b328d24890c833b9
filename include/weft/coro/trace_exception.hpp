// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <source_location>

// How an exception comes to know the coroutines that it came through, for who makes coroutines and futures. What it knows
// is read by format_exception(). All of these are called where there is an exception, and nowhere else; none throws: if
// there is no memory, or the C++ runtime is an unknown one, the path is lost, and the exception is not.
//
// A path belongs to the exception object, whoever has it and wherever it goes: to another task, another thread. It is
// forgotten when the exception goes. @thread any

namespace weft::inline v0 {

/// For unhandled_exception() of a promise: the exception being handled, which leaves a body that stands at `where`. Its path
/// goes through there.
std::exception_ptr exception_leaving(std::source_location where) noexcept;

/// An ordinary function has called a coroutine at `where`, and gets `error` out of it: adds that to the path. If the
/// function turns out to be a coroutine, the place of the call stands for its last co_await.
void trace_call(const std::exception_ptr& error, std::source_location where) noexcept;

/// `error` is kept by `owner`, from whom several may get it: so that each of them goes on from the path as it is now.
void keep_trace(const std::exception_ptr& error, const void* owner) noexcept;
/// Somebody gets `error` from `owner`. @return whether that has kept it (and not four others since)
bool restore_trace(const std::exception_ptr& error, const void* owner) noexcept;
/// Throws what `owner` keeps, from now on at the latest.
[[noreturn, gnu::cold]] void rethrow_kept(const std::exception_ptr& error, const void* owner);

}  // namespace weft::inline v0
