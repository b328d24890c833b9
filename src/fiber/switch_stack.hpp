// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/fiber/fiber_core.hpp>

// The switch itself: the only part of weft that is not C++, one page for each architecture.

extern "C" {

/// Leaves this stack and goes on where `to` was left, there returning what is handed over.
/// @param leaving  where to keep this stack's pointer
/// @param to       the pointer of another one, left by this function or made by prepare_stack()
/// @return in two registers, on the other stack: the value and the fiber that were handed over here
weft::arrival weft_switch_stack(void** leaving, void* to, void* value, weft::fiber_core* ended) noexcept;

/// Where in it a stack that was left looks as the unwinder is told: its pointer and this address are what unwinding begins with.
extern const char weft_left_stack[];
}

namespace weft::inline v0 {

/// What a fresh stack begins with. Never returns.
using stack_entry = void (*)(fiber_core& self, void* value, fiber_core* ended) noexcept;

/// Writes on a fresh stack what weft_switch_stack() would have left there just before `entry(self, …)`. The
/// floating-point units' control words are those of the caller.
/// @param top  aligned by 16
void* prepare_stack(std::byte* top, stack_entry entry, fiber_core& self) noexcept;

}  // namespace weft::inline v0
