// SPDX-License-Identifier: Apache-2.0
#include <weft/http/multipart_form.hpp>

#include "http/syntax/find_control.hpp"

#include <cstdio>
#include <random>
#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

namespace {

/// As browsers do it: quotes and line breaks are encoded, and nothing else is.
std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
            case '"': out += "%22"; break;
            case '\r': out += "%0D"; break;
            case '\n': out += "%0A"; break;
            default: out += c;
        }
    }
    return out += '"';
}

}  // namespace

multipart_form::multipart_form() {
    std::random_device random;
    char text[4 * 8 + 1];
    std::snprintf(text, sizeof text, "%08x%08x%08x%08x", random(), random(), random(), random());
    boundary_ = text;
}

void multipart_form::begin_part(std::string_view name) {
    text_.append("--").append(boundary_).append("\r\nContent-Disposition: form-data; name=").append(in_quotes(name));
}

multipart_form& multipart_form::add(std::string_view name, std::string_view value) {
    begin_part(name);
    text_.append("\r\n\r\n").append(value).append("\r\n");
    return *this;
}

multipart_form& multipart_form::add_file(std::string_view name, std::string_view filename, std::string_view content,
                                         std::string_view content_type) {
    if (find_control(content_type, 0) < content_type.size())
        throw std::invalid_argument("http: the type of a file in a form has a control character in it");
    begin_part(name);
    text_.append("; filename=").append(in_quotes(filename)).append("\r\nContent-Type: ").append(content_type);
    text_.append("\r\n\r\n").append(content).append("\r\n");
    return *this;
}

std::string multipart_form::content_type() const { return "multipart/form-data; boundary=" + boundary_; }

std::string multipart_form::take_text() && {
    text_.append("--").append(boundary_).append("--\r\n");
    return std::exchange(text_, {});
}

}  // namespace weft::inline v0::http
