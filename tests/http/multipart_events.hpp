// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/http_error.hpp>
#include <weft/http/multipart.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

// What a form's parser tells of a form, as text; the data of a part as one.

namespace multipart_events {

namespace http = weft::http;

inline void feed(http::multipart_parser& parser, std::string_view piece, std::string& told) {
    using enum http::multipart_parser::event;
    while (true) {
        switch (parser.next(piece)) {
            case need_more: return;
            case part:
                told += "[" + parser.head().name;
                if (parser.head().filename) told += "|" + *parser.head().filename + "|" + parser.head().content_type;
                told += ":";
                break;
            case data: told += parser.data().empty() ? "(empty data)" : parser.data(); break;
            case part_end: told += "]"; break;
            case end: told += "."; break;
        }
    }
}

/// In pieces of `size` bytes, the first of them of `first` bytes.
inline std::string of(std::string_view form, std::string_view boundary, std::size_t first, std::size_t size,
                      http::multipart_limits limits = {}) {
    std::string told;
    try {
        http::multipart_parser parser(boundary, limits);
        for (std::size_t at = 0; at < form.size();) {
            const std::string piece(
                form.substr(at, at == 0 ? std::max<std::size_t>(first, 1) : size));  // asan sees its end
            at += piece.size();
            feed(parser, piece, told);
        }
        parser.finish();
    } catch (const http::http_error& e) {
        told += "!" + std::to_string(to_number(e.status())) + " " + e.what();
    }
    return told;
}

}  // namespace multipart_events
