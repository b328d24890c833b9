// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/process/process_options.hpp>

#include <array>
#include <string>
#include <vector>

namespace weft::inline v0 {

/// The child's ends of its pipes; -1 where there is none.
using child_ends = std::array<native_handle, 3>;

/// @throws std::invalid_argument  there is no program, a zero byte somewhere, or to_stdout of something else than stderr
void check_spawn(const std::vector<std::string>& argv, const process_options& options);

/// Starts a child. @return its pid  @throws std::system_error, naming the program
int spawn_child(const std::vector<std::string>& argv, const process_options& options, const child_ends& ends);

/// What messages call the program.
const std::string& program_of(const std::vector<std::string>& argv, const process_options& options) noexcept;

}  // namespace weft::inline v0
