// SPDX-License-Identifier: Apache-2.0
#include "http/server/error_page.hpp"

#include <weft/http/html_text.hpp>
#include <weft/inspect/json_string.hpp>

namespace weft::inline v0::http {

namespace {

response as_html(status s, std::string_view title, std::string_view message, std::string_view detail) {
    std::string page = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>";
    page.append(title).append("</title>\n<h1>").append(title).append("</h1>\n");
    if (!message.empty()) page.append("<p>").append(html_text(message)).append("</p>\n");
    if (!detail.empty()) page.append("<pre>").append(html_text(detail)).append("</pre>\n");
    return response::html(page += "</html>\n", s);
}

response as_problem(status s, std::string_view message, std::string_view detail) {
    std::string json = "{\"title\": " + json_string(reason_phrase(s)) + ", \"status\": " + std::to_string(to_number(s));
    if (!message.empty()) json += ", \"detail\": " + json_string(message);
    if (!detail.empty()) json += ", \"traceback\": " + json_string(detail);
    response r(s, json += "}\n");
    r.headers().add("Content-Type", "application/problem+json");
    return r;
}

}  // namespace

response error_page(status s, std::string_view accept, std::string_view message, std::string_view detail) {
    const std::string title = std::to_string(to_number(s)) + ' ' + std::string(reason_phrase(s));
    if (message == reason_phrase(s)) message = {};
    if (accept.contains("json")) return as_problem(s, message, detail);
    if (accept.contains("text/html")) return as_html(s, title, message, detail);
    std::string text = title + '\n';
    if (!message.empty()) text.append(message).append("\n");
    if (!detail.empty()) text.append("\n").append(detail);
    return response::text(std::move(text), s);
}

}  // namespace weft::inline v0::http
