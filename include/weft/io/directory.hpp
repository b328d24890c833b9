// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>

#include <string>
#include <vector>

namespace weft::inline v0 {

enum class file_kind { regular, directory, symbolic_link, fifo, socket, block_device, character_device, unknown };

struct directory_entry {
    std::string name;
    file_kind kind;  ///< a symbolic link is one, whatever it leads to
};

/// What is in a directory, but for "." and "..", in the order in which the file system has it. On a thread of the loop's
/// default pool: no backend lists directories.
/// @throws std::system_error naming the path (no_such_file_or_directory, not_a_directory, permission_denied)
/// @throws std::invalid_argument  a path with a NUL in it
/// @cancel ends the wait; the thread goes on, and what it finds goes nowhere  @see os.scandir, readdir(3)
task<std::vector<directory_entry>> list_directory(std::string path);

}  // namespace weft::inline v0
