// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/target_memory.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace weft::inline v0 {

/// Where the registries of a program are: that of each file in its memory that has an ELF note of weft's. One, unless a
/// program and a library each have their own weft.
/// @throws std::runtime_error  there is none  @param who  for messages
std::vector<std::uint64_t> find_registries(const target_memory& memory, const std::string& who);

}  // namespace weft::inline v0
