// SPDX-License-Identifier: Apache-2.0
#include "http/message/head_parser.hpp"

#include "http/message/field_line.hpp"
#include "http/syntax/characters.hpp"
#include "http/syntax/find_control.hpp"

#include <algorithm>
#include <limits>

namespace weft::inline v0::http {

namespace {

constexpr refusal too_large = {status::request_header_fields_too_large, "the head is too large"};

/// What to say of a control character where there should be none, or of a CR that no LF follows.
std::string_view sentence_about(char control) noexcept {
    switch (control) {
        case '\0': return "there is a NUL in the head";
        case '\r': return "a CR in the head is not followed by LF";
        case '\n': return "an LF in the head does not follow a CR";
        default: return "there is a control character in the head";
    }
}

}  // namespace

std::string_view message_head::text(head_slice part) const noexcept {
    const std::string_view all = head_parser::text_of(fields);
    if (part.begin > all.size()) return {};  // they have been cleared
    return all.substr(part.begin, part.size);
}

void head_parser::start(message_head& into, bool is_request) noexcept {
    stage_ = stage::first_line;
    position_ = searched_ = 0;
    notes_ = field_notes(is_request);
    authority_ = {};
    into.fields.clear();
}

/// Reads the line at position_, without its end, which lies within the first `limit` bytes or the head is `too_long`.
/// Nothing beyond is looked at: the verdict would depend on how much has arrived.
std::optional<std::string_view> head_parser::next_line(std::string_view input, std::size_t limit,
                                                       const refusal& too_long) {
    const std::string_view text = input.substr(0, limit);
    searched_ = find_control(text, searched_);
    const bool has_next = searched_ + 1 < text.size();
    if (searched_ < text.size() && (text[searched_] != '\r' || (has_next && text[searched_ + 1] != '\n'))) {
        refuse(sentence_about(text[searched_]));
        return std::nullopt;
    }
    if (!has_next) {
        if (text.size() == limit) refuse(too_long);
        return std::nullopt;
    }
    const std::string_view line = text.substr(position_, searched_ - position_);
    position_ = searched_ += 2;
    return line;
}

bool head_parser::read_version(std::string_view text, message_head& into) noexcept {
    if (text == "HTTP/1.1" || text == "HTTP/1.0") {
        into.minor_version = text.back() - '0';
        return true;
    }
    if (text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' && is_digit(text[7]))
        return refuse({status::http_version_not_supported, "the version is neither HTTP/1.1 nor HTTP/1.0"});
    return refuse("the first line does not have a version of HTTP where it should");
}

/// @return whether the empty line after the fields was found
bool head_parser::read_fields(std::string_view input, message_head& into) {
    while (const auto line = next_line(input, limits_.head_bytes, too_large)) {
        if (line->empty()) return true;
        if (!read_field(*line, into.fields)) return false;
    }
    return false;
}

bool head_parser::read_field(std::string_view line, headers& into) {
    if (into.places_.size() >= limits_.fields)
        return refuse({status::request_header_fields_too_large, "there are too many header fields"});
    field_line field;
    if (const auto wrong = split_field(line, field); !wrong.empty()) return refuse(wrong);
    if (field.name.size() > std::numeric_limits<std::uint16_t>::max()) return refuse(too_large);
    if (const auto why = notes_.note(field.name, field.value, field.raw, into.places_.size())) return refuse(*why);
    into.places_.push_back({.name = slice(field.name).begin,
                            .value = slice(field.value).begin,
                            .value_size = static_cast<std::uint32_t>(field.value.size()),
                            .name_size = static_cast<std::uint16_t>(field.name.size())});
    return true;
}

/// The head is whole: what lies in the input moves over.
void head_parser::conclude(std::string_view input, message_head& into) {
    into.fields.text_.assign(input.substr(0, position_));
    into.keep_alive = !notes_.says_close && (into.minor_version == 1 || notes_.says_keep_alive);
    into.asks_upgrade = into.minor_version == 1 && notes_.says_upgrade && notes_.has_upgrade;
    into.content_length = notes_.length.value_or(0);
    stage_ = stage::done;
}

head_slice head_parser::slice(std::string_view part) const noexcept {
    return {static_cast<std::uint32_t>(part.data() - base_), static_cast<std::uint32_t>(part.size())};
}

bool head_parser::refuse(const refusal& why) noexcept {
    why_ = why;
    stage_ = stage::refused;
    return false;
}

}  // namespace weft::inline v0::http
