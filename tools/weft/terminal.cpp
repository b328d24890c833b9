// SPDX-License-Identifier: Apache-2.0
#include "weft/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace {
bool is_dumb() {
    const char* const kind = std::getenv("TERM");
    return kind && std::string_view(kind) == "dumb";
}
}  // namespace

bool terminal::is_interactive() noexcept { return ::isatty(STDOUT_FILENO); }

terminal::terminal() : in_colour_(is_interactive() && !std::getenv("NO_COLOR") && !is_dumb()) {}

std::string terminal::in(colour c, std::string_view text) const {
    static constexpr const char* codes[] = {"", "1", "2", "31", "32", "33", "36"};
    if (!in_colour_ || c == colour::plain || text.empty()) return std::string(text);
    return "\033[" + std::string(codes[static_cast<int>(c)]) + "m" + std::string(text) + "\033[0m";
}

std::string readable_duration(std::int64_t ns) {
    char text[48];
    const double s = static_cast<double>(ns) / 1e9;
    if (s < 0) return "0 s";
    if (s < 0.001) {
        std::snprintf(text, sizeof text, "%.0f µs", s * 1e6);
    } else if (s < 1) {
        std::snprintf(text, sizeof text, "%.0f ms", s * 1e3);
    } else if (s < 100) {
        std::snprintf(text, sizeof text, "%.1f s", s);
    } else if (s < 100 * 60) {
        std::snprintf(text, sizeof text, "%.0f min", s / 60);
    } else if (s < 48 * 3600) {
        std::snprintf(text, sizeof text, "%.1f h", s / 3600);
    } else {
        std::snprintf(text, sizeof text, "%.1f d", s / 86400);
    }
    return text;
}

namespace {

/// Characters, as far as UTF-8 goes.
std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text.front());
        const std::size_t length = first < 0x80   ? 1
                                   : first < 0xc2 ? 0
                                   : first < 0xe0 ? 2
                                   : first < 0xf0 ? 3
                                   : first < 0xf5 ? 4
                                                  : 0;
        const bool is_whole =
            length > 0 && length <= text.size() &&
            std::ranges::all_of(text.substr(1, length - 1), [](char c) { return (c & 0xc0) == 0x80; });
        // Below 0x20, 0x7f, and what U+0080 to U+009F are in UTF-8, can drive a terminal.
        const bool is_control =
            first < 0x20 || first == 0x7f || (first == 0xc2 && is_whole && static_cast<unsigned char>(text[1]) < 0xa0);
        const bool is_shown = is_whole && !is_control;
        if (is_shown) {
            out += text.substr(0, length);
        } else {
            out += '?';
        }
        text.remove_prefix(is_whole ? length : 1);
    }
    return out;
}

void table::add(std::vector<std::string> row, terminal::colour c) {
    for (std::string& cell : row) cell = printable(cell);
    rows_.push_back(std::move(row));
    colours_.push_back(c);
}

std::string table::to_string(const terminal& t) const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    std::string text;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        std::string line;
        for (std::size_t i = 0; i < rows_[r].size(); ++i) {
            line += rows_[r][i];
            if (i + 1 < rows_[r].size()) line.append(widths[i] - columns_of(rows_[r][i]) + 2, ' ');
        }
        text += t.in(colours_[r], line) + "\n";
    }
    return text;
}
