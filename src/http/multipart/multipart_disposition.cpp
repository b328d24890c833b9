// SPDX-License-Identifier: Apache-2.0
#include "http/multipart/multipart_disposition.hpp"

#include "http/syntax/field_scanner.hpp"
#include "http/syntax/utf8.hpp"

#include <weft/http/headers.hpp>
#include <weft/http/http_error.hpp>

#include <cstddef>

namespace weft::inline v0::http {

namespace {

[[noreturn]] void refuse(const char* why) { throw http_error(status::bad_request, why); }

/// What stands between quotes, the escapes of a filename undone, and what is behind them.
std::string take_quoted(std::string_view& rest) {
    std::string text;
    for (std::size_t at = 1; at < rest.size(); ++at) {
        const std::string_view here = rest.substr(at);
        if (here.front() == '"') {
            rest.remove_prefix(at + 1);
            return text;
        }
        if (here.starts_with("\\\"") || here.starts_with("\\\\")) {
            text += here[1];
            at += 1;
        } else if (here.starts_with("%22")) {
            text += '"';
            at += 2;
        } else if (here.starts_with("%0D") || here.starts_with("%0d")) {
            text += '\r';
            at += 2;
        } else if (here.starts_with("%0A") || here.starts_with("%0a")) {
            text += '\n';
            at += 2;
        } else {
            text += here.front();
        }
    }
    refuse("a part's Content-Disposition has a quote without its end");
}

std::string take_value(std::string_view& rest) {
    if (rest.starts_with('"')) return take_quoted(rest);
    field_scanner scanner(rest);
    const std::string_view token = scanner.token();
    if (token.empty()) refuse("a part's Content-Disposition has a parameter without a value");
    rest = scanner.rest();
    return std::string(token);
}

void set_once(std::optional<std::string>& parameter, std::string value) {
    if (parameter) refuse("a part's Content-Disposition has a parameter twice");
    parameter = std::move(value);
}

}  // namespace

multipart_disposition multipart_disposition::parse(std::string_view value) {
    field_scanner scanner(value);
    if (!is_same_token(scanner.token(), "form-data")) refuse("a part's Content-Disposition is not form-data");
    std::optional<std::string> name, filename;
    while (true) {
        scanner.skip_blanks();
        if (scanner.at_end()) break;
        if (!scanner.take(';')) refuse("a part's Content-Disposition is malformed");
        scanner.skip_blanks();
        if (scanner.at_end()) break;
        const std::string_view key = scanner.token();
        if (key.empty() || !scanner.take('=')) refuse("a part's Content-Disposition is malformed");
        std::string_view rest = scanner.rest();
        std::string text = take_value(rest);
        scanner = field_scanner(rest);
        if (is_same_token(key, "name")) set_once(name, std::move(text));
        if (is_same_token(key, "filename")) set_once(filename, std::move(text));
    }
    if (!name) refuse("a part of the form has no name");
    if (!is_utf8(*name)) refuse("a part's name is no UTF-8");
    return {.name = *std::move(name), .filename = std::move(filename)};
}

}  // namespace weft::inline v0::http
