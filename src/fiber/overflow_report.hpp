// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

namespace weft::inline v0 {

/// From the first call on, for the whole process: who runs into the guard below a fiber's stack is told so on stderr,
/// with the fiber's name, and then SIGSEGV goes its way: to whoever handled it before, or to the default.
void install_overflow_report() noexcept;

/// A signal cannot be handled on a stack that is full: gives this thread another, unless it has one.
/// @return its memory, for remove_signal_stack(); null: nothing was done  @throws std::bad_alloc
std::unique_ptr<std::byte[]> add_signal_stack();
void remove_signal_stack(const std::byte* memory) noexcept;

}  // namespace weft::inline v0
