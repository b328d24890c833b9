// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weft::inline v0 {

/// Lines of source files, as far as these can be found where the compiler saw them. Remembers the files it has read.
class source_lines {
public:
    /// The line without the white space around it; empty if there is none. Of a long line the beginning.
    /// @throws std::bad_alloc
    std::string line(const std::string& file, std::uint32_t number);

    /// Of larger files and longer lines (in bytes) nobody wants to see anything.
    static constexpr std::size_t largest_file = 8 << 20, longest_line = 200;

private:
    struct read_file {
        std::string name;
        std::string text;
    };
    const std::string& text_of(const std::string& file);

    std::vector<read_file> files_;
};

}  // namespace weft::inline v0
