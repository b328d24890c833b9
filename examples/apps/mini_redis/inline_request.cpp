// SPDX-License-Identifier: Apache-2.0
// The part of the request parser that serves people at a telnet prompt: words and quotes on one line.
#include "request_parser.hpp"

#include <algorithm>

namespace mini_redis {

namespace {

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool ends_word(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Unquotes the words of one line, in Redis's dialect: "..." knows the escapes of C, '...' only \'.
class word_reader {
public:
    explicit word_reader(std::string_view line) noexcept : line_(line) {}

    bool skip_to_word() noexcept {
        while (at_ < line_.size() && is_space(line_[at_])) ++at_;
        return at_ < line_.size();
    }

    // Appends the word at hand to `to`. @return false if its quotes do not match up
    bool read_word(std::string& to) {
        while (at_ < line_.size() && !ends_word(line_[at_])) {
            const char c = line_[at_++];
            if (c != '"' && c != '\'') {
                to += c;
            } else if (!read_quoted(c, to) || (at_ < line_.size() && !is_space(line_[at_]))) {
                return false;
            }
        }
        return true;
    }

private:
    bool read_quoted(char quote, std::string& to) {
        while (at_ < line_.size()) {
            const char c = line_[at_++];
            if (c == quote) return true;
            if (c == '\\' && at_ < line_.size()) {
                to += quote == '"' ? escaped() : single_escaped();
            } else {
                to += c;
            }
        }
        return false;
    }

    char single_escaped() noexcept { return line_[at_] == '\'' ? line_[at_++] : '\\'; }

    char escaped() noexcept {
        const char c = line_[at_++];
        switch (c) {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'b': return '\b';
            case 'a': return '\a';
            case 'x':
                if (at_ + 1 < line_.size() && hex_digit(line_[at_]) >= 0 && hex_digit(line_[at_ + 1]) >= 0) {
                    at_ += 2;
                    return static_cast<char>(hex_digit(line_[at_ - 2]) * 16 + hex_digit(line_[at_ - 1]));
                }
                [[fallthrough]];
            default: return c;
        }
    }

    std::string_view line_;
    std::size_t at_ = 0;
};

}  // namespace

request_parser::status request_parser::parse_inline(std::string_view input) {
    const std::size_t end = input.find('\n', searched_);
    searched_ = input.size();
    if (std::min(end, input.size()) > max_line_bytes) return fail("too big inline request");
    if (end == std::string_view::npos) return wait_for(input.size() + 1);
    std::string_view line = input.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!split_inline(line.substr(0, line.find('\0')))) return fail("unbalanced quotes in request");
    position_ = end + 1;
    base_ = unquoted_.data();
    state_ = state::done;
    return status::complete;
}

bool request_parser::split_inline(std::string_view line) {
    unquoted_.clear();
    word_reader words(line);
    while (words.skip_to_word()) {
        const std::size_t start = unquoted_.size();
        if (!words.read_word(unquoted_)) return false;
        pieces_.push_back({static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(unquoted_.size() - start)});
    }
    return true;
}

}  // namespace mini_redis
