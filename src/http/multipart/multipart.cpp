// SPDX-License-Identifier: Apache-2.0
#include "http/multipart/multipart_disposition.hpp"
#include "http/syntax/field_scanner.hpp"

#include <weft/http/http_error.hpp>
#include <weft/http/multipart.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

namespace {

[[noreturn]] void refuse(const char* why) { throw http_error(status::bad_request, why); }

/// RFC 2046 5.1.1; a space at the end would be lost on the way.
std::string_view require_boundary(std::string_view boundary) {
    const auto is_one = [](char c) {
        return is_letter(c) || is_digit(c) || std::string_view("'()+_,-./:=? ").contains(c);
    };
    if (boundary.empty() || boundary.size() > 70 || boundary.ends_with(' ') || !std::ranges::all_of(boundary, is_one))
        refuse("the form's boundary is none");
    return boundary;
}

}  // namespace

multipart_parser::multipart_parser(std::string_view boundary, multipart_limits limits)
    : limits_(limits), delimiter_("\r\n--" + std::string(require_boundary(boundary))) {}

multipart_parser::event multipart_parser::next(std::string_view& input) {
    data_ = {};
    while (!input.empty()) {
        const state before = state_;
        switch (state_) {
            case state::preamble: find_delimiter(input); break;
            case state::body:
                if (find_delimiter(input)) return event::part_end;
                if (!data_.empty()) return event::data;
                break;
            case state::delimiter_line:
                if (read_delimiter_line(input) && state_ == state::epilogue) return event::end;
                break;
            case state::head:
                if (read_head(input)) return event::part;
                break;
            case state::epilogue: input = {}; break;
        }
        if (before == state::preamble) data_ = {};
    }
    return event::need_more;
}

/// Goes on to the end of the next delimiter, or sets data_ to what is none. Takes nothing of the input twice: of what
/// the delimiter begins with, nothing but its first character can begin another one.
/// @return whether it has come to the end of a delimiter
bool multipart_parser::find_delimiter(std::string_view& input) {
    if (matched_ == 0) {
        std::size_t at = input.find(delimiter_);
        if (at == input.npos) {
            const std::size_t last = std::min(input.rfind('\r'), input.size());
            at = delimiter_.starts_with(input.substr(last)) ? last : input.size();
        }
        data_ = input.substr(0, at);
        input.remove_prefix(at);
        if (!data_.empty()) return false;
    }
    const std::string_view wanted = std::string_view(delimiter_).substr(matched_);
    const auto same = static_cast<std::size_t>(std::ranges::mismatch(wanted, input).in1 - wanted.begin());
    input.remove_prefix(same);
    matched_ += same;
    if (matched_ == delimiter_.size()) {
        state_ = state::delimiter_line;
        line_.clear();
        head_bytes_ = 0;
        return true;
    }
    if (!input.empty()) {
        data_ = std::string_view(delimiter_).substr(before_, matched_ - before_);
        matched_ = before_ = 0;
    }
    return false;
}

/// What is searched for the next delimiter begins as if behind a CRLF. RFC 2046 has it so for the whole, and for a part
/// whose head is followed by a delimiter at once.
void multipart_parser::begin_text() noexcept { matched_ = before_ = 2; }

/// Behind a delimiter: two dashes after the last part, else nothing but the end of the line. @return whether it ended
bool multipart_parser::read_delimiter_line(std::string_view& input) {
    while (line_.size() < 2 && !input.empty()) {
        line_ += input.front();
        input.remove_prefix(1);
    }
    if (line_ == "--") {
        state_ = state::epilogue;
        return true;
    }
    if (line_ != "\r\n" && (line_.size() < 2 || !read_line(input))) return false;
    if (!line_.ends_with("\r\n") || !without_blanks(std::string_view(line_).substr(0, line_.size() - 2)).empty())
        refuse("there is something behind a boundary of the form");
    if (++parts_ > limits_.max_parts) throw http_error(status::content_too_large, "the form has too many parts");
    state_ = state::head;
    line_.clear();
    head_ = {};
    head_bytes_ = 0;
    return true;
}

/// @return whether the head has ended
bool multipart_parser::read_head(std::string_view& input) {
    while (read_line(input)) {
        if (!line_.ends_with("\r\n")) refuse("a line of a part's head does not end in CRLF");
        line_.resize(line_.size() - 2);
        if (!line_.empty()) {
            take_field();
            line_.clear();
            continue;
        }
        if (!head_.fields.contains("Content-Disposition")) refuse("a part of the form has no Content-Disposition");
        state_ = state::body;
        begin_text();
        return true;
    }
    return false;
}

/// @return whether line_ has all of the line, its end included
bool multipart_parser::read_line(std::string_view& input) {
    const std::size_t end = input.find('\n');
    const std::string_view more = input.substr(0, end == input.npos ? end : end + 1);
    head_bytes_ += more.size();
    if (head_bytes_ > limits_.max_head_bytes)
        throw http_error(status::content_too_large, "the head of a part of the form is too long");
    line_ += more;
    input.remove_prefix(more.size());
    return end != input.npos;
}

void multipart_parser::take_field() {
    const std::string_view line = line_;
    const std::size_t colon = line.find(':');
    if (colon == line.npos) refuse("a line of a part's head has no colon");
    const std::string_view name = line.substr(0, colon), value = without_blanks(line.substr(colon + 1));
    const bool is_disposition = is_same_token(name, "Content-Disposition");
    const bool is_type = is_same_token(name, "Content-Type");
    if ((is_disposition || is_type) && head_.fields.contains(name)) refuse("a part's head has a field twice");
    try {
        head_.fields.add(name, value);
    } catch (const std::invalid_argument&) {
        refuse("a part's head has a malformed field");
    }
    if (is_disposition) {
        multipart_disposition disposition = multipart_disposition::parse(value);
        head_.name = std::move(disposition.name);
        head_.filename = std::move(disposition.filename);
    } else if (is_type) {
        head_.content_type = value;
    } else if (is_same_token(name, "Content-Transfer-Encoding")) {
        if (!is_same_token(value, "binary") && !is_same_token(value, "8bit") && !is_same_token(value, "7bit"))
            refuse("a part has a Content-Transfer-Encoding, which forms have not");
    }
}

void multipart_parser::finish() const {
    if (state_ != state::epilogue) refuse("the form is cut off");
}

}  // namespace weft::inline v0::http
