// SPDX-License-Identifier: Apache-2.0
#include "http/message/head_parser.hpp"
#include "http/message/request_target.hpp"
#include "http/syntax/characters.hpp"

#include <algorithm>
#include <array>

namespace weft::inline v0::http {

namespace {

constexpr refusal too_long = {status::uri_too_long, "the request line is too long"};

/// Visible ASCII, but for the '#' of a fragment, which is the client's own affair.
constexpr auto target_characters = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = '!'; c <= '~'; ++c) table[c] = c != '#';
    return table;
}();

bool is_target_character(char c) noexcept { return target_characters[static_cast<unsigned char>(c)]; }

}  // namespace

head_parser::result head_parser::parse(std::string_view input, request_head& into) {
    base_ = input.data();
    if (stage_ == stage::done) start(into, true);
    if (stage_ == stage::refused) return result::refused;
    if (stage_ == stage::first_line) {
        if (!skip_empty_line(input)) return unfinished();
        const auto line = next_line(input, position_ + limits_.line_bytes + 2, too_long);
        if (!line || !read_request_line(*line, into)) return unfinished();
        stage_ = stage::fields;
    }
    if (!read_fields(input, into) || !judge(input, into)) return unfinished();
    conclude(input, into);
    return result::complete;
}

/// One empty line before the request is passed over: old clients write one after a body, and count it nowhere. There can
/// be no other reading of it; of more than one, or of a part of one, there is no need.
bool head_parser::skip_empty_line(std::string_view input) {
    if (position_ > 0) return true;
    if (input.empty()) return false;
    if (input[0] != '\r') return true;
    if (input.size() == 1) return false;
    if (input[1] != '\n') return refuse("a CR in the head is not followed by LF");
    position_ = searched_ = 2;
    return true;
}

bool head_parser::read_request_line(std::string_view line, request_head& into) {
    const std::size_t first = std::min(line.find(' '), line.size());
    const std::string_view name = line.substr(0, first);
    if (!is_token(name)) return refuse("the request does not begin with a method");
    const std::string_view rest = line.substr(std::min(first + 1, line.size()));
    std::size_t size = 0;
    while (size < rest.size() && is_target_character(rest[size])) ++size;
    if (size == 0 || size == rest.size() || rest[size] != ' ')
        return refuse("the request line is not a method, a target and a version with one space between them");
    if (!read_version(rest.substr(size + 1), into)) return false;

    const auto known = to_method(name);
    if (!known) return refuse({status::not_implemented, "the method is not known here"});
    into.method = *known;
    const std::string_view target = rest.substr(0, size);
    request_target parts;
    if (const auto wrong = read_target(*known, target, parts); !wrong.empty()) return refuse(wrong);
    into.target_ = slice(target);
    into.has_path_ = *known != method::connect;
    into.path_ = parts.path.empty() ? head_slice{} : slice(parts.path);
    into.query_ = parts.query.empty() ? head_slice{} : slice(parts.query);
    authority_ = parts.authority.empty() ? head_slice{} : slice(parts.authority);
    return true;
}

/// What only all the fields together tell.
bool head_parser::judge(std::string_view input, request_head& into) {
    into.host_ = authority_;
    if (notes_.host != field_notes::none) {
        const headers::place& place = into.fields.places_[notes_.host];
        into.host_ = {place.value, place.value_size};
        const std::string_view authority = input.substr(authority_.begin, authority_.size);
        if (!authority.empty() && !is_same_token(authority, input.substr(place.value, place.value_size)))
            return refuse("the target and Host name different hosts");
    } else if (into.minor_version == 1) {
        return refuse("there is no Host");
    }
    if (notes_.is_chunked && into.minor_version == 0) return refuse("Transfer-Encoding in HTTP/1.0");
    into.body = notes_.is_chunked ? framing::chunked : notes_.length.value_or(0) > 0 ? framing::counted : framing::none;
    if (into.body != framing::none && (into.method == method::connect || into.method == method::trace))
        return refuse("a CONNECT or TRACE request has no content");
    if (into.minor_version == 1 && notes_.expects_other)
        return refuse({status::expectation_failed, "Expect is not 100-continue"});
    into.expects_continue = into.minor_version == 1 && notes_.expects_continue && into.body != framing::none;
    return true;
}

}  // namespace weft::inline v0::http
