// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace weft::inline v0 {

/// Why the kernel does not let this process read the memory of that one, and what the person can do about it. Found out by
/// asking what the kernel asks, in its order: see "Ptrace access mode checking" in ptrace(2).
/// @param root  where proc and sys are
std::string reason_for_refusal(int pid, const std::string& root = "");

/// Whether a seccomp filter forbids process_vm_readv(2) altogether, of which this process's own memory is proof enough.
bool is_reading_filtered() noexcept;

}  // namespace weft::inline v0
