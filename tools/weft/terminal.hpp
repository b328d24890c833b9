// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// How things are shown: in colours on a terminal, plain in a pipe or where NO_COLOR is set.
class terminal {
public:
    enum class colour { plain, bold, dim, red, green, yellow, cyan };
    terminal();
    explicit terminal(bool in_colour) noexcept : in_colour_(in_colour) {}
    std::string in(colour c, std::string_view text) const;
    static bool is_interactive() noexcept;

private:
    bool in_colour_;
};

/// "3.2 s", "17 min", "2.1 d"
std::string readable_duration(std::int64_t nanoseconds);

/// What a person may be shown of the memory of another program: control characters, and what is no UTF-8, are '?'.
std::string printable(std::string_view text);

/// Columns as wide as their widest cell; the last as wide as it is.
class table {
public:
    explicit table(std::vector<std::string> heads) : rows_{std::move(heads)} {}
    void add(std::vector<std::string> row, terminal::colour c = terminal::colour::plain);
    std::string to_string(const terminal& t) const;

private:
    std::vector<std::vector<std::string>> rows_;
    std::vector<terminal::colour> colours_{terminal::colour::bold};
};
