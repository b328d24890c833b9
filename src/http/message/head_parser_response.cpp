// SPDX-License-Identifier: Apache-2.0
#include "http/message/head_parser.hpp"
#include "http/syntax/characters.hpp"

#include <algorithm>

namespace weft::inline v0::http {

head_parser::result head_parser::parse(std::string_view input, response_head& into, method request) {
    constexpr refusal too_long = {status::bad_gateway, "the status line is too long"};
    base_ = input.data();
    if (stage_ == stage::done) start(into, false);
    if (stage_ == stage::refused) return result::refused;
    bool is_whole = false;
    if (stage_ == stage::first_line) {
        const auto line = next_line(input, limits_.line_bytes + 2, too_long);
        if (line && read_status_line(*line, into)) stage_ = stage::fields;
    }
    if (stage_ == stage::fields) is_whole = read_fields(input, into) && judge(into, request);
    if (!is_whole) {
        why_.status = status::bad_gateway;
        return unfinished();
    }
    conclude(input, into);
    into.keep_alive = into.keep_alive && into.body != framing::until_close;
    return result::complete;
}

/// The space before a reason that is empty is missing so often that it may be.
bool head_parser::read_status_line(std::string_view line, response_head& into) {
    if (!read_version(line.substr(0, 8), into)) return false;
    const std::string_view rest = line.substr(8);
    const bool has_number = rest.size() >= 4 && rest[0] == ' ' && std::ranges::all_of(rest.substr(1, 3), is_digit);
    if (!has_number || rest[1] == '0' || (rest.size() > 4 && rest[4] != ' '))
        return refuse("the status line is not a version, a number of three digits and a reason");
    into.status = static_cast<http::status>((rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0'));
    into.reason_ = rest.size() > 5 ? slice(rest.substr(5)) : head_slice{};
    return true;
}

bool head_parser::judge(response_head& into, method request) {
    if (notes_.is_chunked && into.minor_version == 0) return refuse("Transfer-Encoding in HTTP/1.0");
    const bool has_content = notes_.is_chunked || notes_.length.value_or(0) > 0;
    if (has_content && (is_informational(into.status) || into.status == status::no_content))
        return refuse("a status that has no content comes with content");
    const bool is_tunnel = request == method::connect && is_success(into.status);
    if (request == method::head || has_no_content(into.status) || is_tunnel) {
        into.body = framing::none;
    } else if (notes_.is_chunked) {
        into.body = framing::chunked;
    } else if (notes_.length) {
        into.body = *notes_.length > 0 ? framing::counted : framing::none;
    } else {
        into.body = framing::until_close;
    }
    return true;
}

}  // namespace weft::inline v0::http
