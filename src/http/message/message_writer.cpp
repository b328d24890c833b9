// SPDX-License-Identifier: Apache-2.0
#include "http/message/message_writer.hpp"

#include "http/syntax/characters.hpp"
#include "http/syntax/find_control.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <stdexcept>

namespace weft::inline v0::http {

namespace {

/// Makes room once, then copies: an append for each would look for room as often.
template <class... Parts>
void append(std::string& to, Parts... parts) {
    const std::size_t begin = to.size(), end = begin + (parts.size() + ...);
    to.resize_and_overwrite(end, [&](char* data, std::size_t) {  // which may be told of more room than was asked for
        char* at = data + begin;
        ((at = std::ranges::copy(parts, at).out), ...);
        return end;
    });
}

/// A number in figures.
struct figures {
    explicit figures(std::uint64_t number, int base = 10) noexcept
        : size_(static_cast<std::size_t>(std::to_chars(text_, text_ + sizeof text_, number, base).ptr - text_)) {}
    operator std::string_view() const noexcept { return {text_, size_}; }

private:
    char text_[20];
    std::size_t size_;
};

constexpr std::string_view colon = ": ", end_of_line = "\r\n";

}  // namespace

void append_status_line(std::string& to, status s, std::string_view reason) {
    if (reason.empty()) reason = reason_phrase(s);
    if (to_number(s) < 100 || to_number(s) > 999)
        throw std::invalid_argument("http: a status has a number of three digits");
    if (find_control(reason, 0) < reason.size())
        throw std::invalid_argument("http: the reason of a status has a control character in it");
    append(to, std::string_view("HTTP/1.1 "), std::string_view(figures(static_cast<std::uint64_t>(to_number(s)))),
           std::string_view(" "), reason, end_of_line);
}

void append_request_line(std::string& to, std::string_view method, std::string_view target) {
    if (!is_token(method)) throw std::invalid_argument("http: the method of a request is no token");
    if (target.empty() || !std::ranges::all_of(target, [](char c) { return c >= '!' && c <= '~'; }))
        throw std::invalid_argument("http: the target of a request has to be of visible ASCII");
    append(to, method, std::string_view(" "), target, std::string_view(" HTTP/1.1\r\n"));
}

void append_field(std::string& to, std::string_view name, std::string_view value) {
    if (!is_token(name) || find_control(value, 0) < value.size())
        throw std::invalid_argument("http: a header field has a name that is no token, or a control character");
    append(to, name, colon, value, end_of_line);
}

void append_content_length(std::string& to, std::uint64_t bytes) {
    append(to, std::string_view("Content-Length: "), std::string_view(figures(bytes)), end_of_line);
}

void append_field_as_it_is(std::string& to, const headers::field& f) {
    append(to, f.name, colon, f.value, end_of_line);
}

void append_fields(std::string& to, const headers& fields) {
    for (const headers::field f : fields) append_field_as_it_is(to, f);
}

void append_chunk_size(std::string& to, std::uint64_t bytes) {
    append(to, std::string_view(figures(bytes, 16)), end_of_line);
}

}  // namespace weft::inline v0::http
