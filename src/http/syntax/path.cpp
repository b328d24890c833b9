// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/utf8.hpp"

#include <weft/http/http_error.hpp>
#include <weft/http/path.hpp>
#include <weft/http/percent.hpp>

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace weft::inline v0::http {

namespace {

[[noreturn]] void refuse(const char* why) { throw http_error(status::bad_request, why); }

std::string decode_segment(std::string_view raw) {
    std::string segment;
    try {
        segment = percent_decode(raw);
    } catch (const std::invalid_argument&) {
        refuse("the path has a % without two hexadecimal digits behind it");
    }
    for (const char c : segment) {
        if (c == '/') refuse("the path has an encoded slash");
        if (c == '\\') refuse("the path has a backslash");
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) refuse("the path has a control character");
    }
    if (!is_utf8(segment)) refuse("the path is no UTF-8");
    return segment;
}

}  // namespace

std::string decode_path(std::string_view path) {
    if (!path.starts_with('/')) refuse("the path begins with no slash");
    std::string result;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/', 1), path.size());
        const std::string segment = decode_segment(path.substr(1, end - 1));
        path.remove_prefix(end);
        if (segment == "..") {
            if (result.empty()) refuse("the path leads above the root");
            result.resize(result.rfind('/'));
        } else if (segment != ".") {
            result.append("/").append(segment);
            continue;
        }
        if (path.empty()) result += '/';
    }
    return result;
}

}  // namespace weft::inline v0::http
