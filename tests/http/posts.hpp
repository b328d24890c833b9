// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/talk.hpp"

#include <string>
#include <string_view>
#include <utility>

// Requests with something behind their heads, and what a handler answers.

namespace weft_test {

/// @param fields  more of them, lines that end in CRLF
inline std::string post(std::string_view type, std::string_view body, std::string_view fields = {}) {
    std::string text = "POST / HTTP/1.1\r\nHost: a\r\n";
    if (!type.empty()) text.append("Content-Type: ").append(type).append("\r\n");
    text.append(fields).append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    return text;
}

constexpr std::string_view urlencoded = "application/x-www-form-urlencoded";
constexpr std::string_view multipart = "multipart/form-data; boundary=b";

/// A part of a form whose boundary is "b".
inline std::string part(std::string_view disposition, std::string_view content) {
    return "--b\r\nContent-Disposition: form-data; " + std::string(disposition) + "\r\n\r\n" + std::string(content) +
           "\r\n";
}

/// What is said to these bytes, on a connection of their own.
inline std::string answer_to(std::string bytes, weft::http::handler answers) {
    std::string heard;
    with_server(std::move(answers), [&](weft::http::server& s) -> weft::task<> {
        conversation c(s);
        heard = co_await c.ask(bytes);
    });
    return heard;
}

}  // namespace weft_test
