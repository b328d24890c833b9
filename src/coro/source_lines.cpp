// SPDX-License-Identifier: Apache-2.0
#include "coro/source_lines.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace weft::inline v0 {

namespace {

/// Empty if it cannot be read. Only of what is a file: to open another thing may wait for something, or do something.
std::string read(const std::string& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) return {};
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (error || size > source_lines::largest_file) return {};
    std::ifstream in(file, std::ios::binary);
    std::string text(static_cast<std::size_t>(size), '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

}  // namespace

const std::string& source_lines::text_of(const std::string& file) {
    const auto known = std::ranges::find(files_, file, &read_file::name);
    if (known != files_.end()) return known->text;
    return files_.emplace_back(file, read(file)).text;
}

std::string source_lines::line(const std::string& file, std::uint32_t number) {
    if (number == 0) return {};
    std::string_view rest = text_of(file);
    while (--number > 0) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) return {};
        rest.remove_prefix(end + 1);
    }
    rest = rest.substr(0, rest.find('\n'));
    constexpr std::string_view white = " \t\r\f\v";
    const auto begin = rest.find_first_not_of(white);
    if (begin == std::string_view::npos) return {};
    rest = rest.substr(begin, rest.find_last_not_of(white) + 1 - begin);
    if (rest.size() <= longest_line) return std::string(rest);
    std::size_t cut = longest_line;
    while (cut > 0 && (static_cast<unsigned char>(rest[cut]) & 0xC0) == 0x80) --cut;  // between characters of UTF-8
    return std::string(rest.substr(0, cut)) + "...";
}

}  // namespace weft::inline v0
