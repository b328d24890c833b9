// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <atomic>

namespace weft::inline v0 {

/// One loop's place among those that are told of a signal. Never freed, only used again: a signal handler may be looking
/// at it.
struct signal_place {
    std::atomic<native_handle> pipe{-1};  ///< where the signal's number is written; -1: the place is free
    std::atomic<bool> missed{false};  ///< it came while the pipe was full: it is not among what can be read
    signal_place* next = nullptr;
};

/// From here on every `signal` is written into a pipe, one byte, its number. The first of a signal's places installs the
/// process's handler; any number of loops may have the same signal.
/// @param write_end  does not block; stays open until it is vacated
/// @param who  for the message  @throws std::system_error  no such signal, or one that cannot be caught  @thread any
signal_place& occupy_signal(int signal, native_handle write_end, const char* who);

/// Ends that; the last place of a signal restores what the process did on it before. When this returns, nobody writes into
/// the pipe any more.
/// @thread any
void vacate_signal(int signal, signal_place& place, native_handle write_end) noexcept;

}  // namespace weft::inline v0
