// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <cstdint>
#include <string>

namespace weft::inline v0 {

/// What a file shares with the operations under way on it. Used on the loop's thread; but whoever is the last to let go,
/// a pool's thread perhaps, closes it.
struct file_core {
    unique_fd fd;
    const std::string path;
    const bool writes, appends;
    bool seeks = true;  ///< it has positions; else an operation takes the descriptor's own
    bool position_in_use = false;  ///< by the one operation that may
    std::uint64_t position = 0;
    int operations = 0;  ///< under way
};

}  // namespace weft::inline v0
