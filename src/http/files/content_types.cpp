// SPDX-License-Identifier: Apache-2.0
#include "http/files/content_types.hpp"

#include <weft/http/headers.hpp>

#include <utility>

namespace weft::inline v0::http {

namespace {

/// What web sites are made of; the rest is bytes, which a browser saves.
constexpr std::pair<std::string_view, std::string_view> types[] = {
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"xml", "application/xml"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/x-icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"mp3", "audio/mpeg"},
    {"ogg", "audio/ogg"},
    {"wav", "audio/wav"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"pdf", "application/pdf"},
    {"wasm", "application/wasm"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
};

}  // namespace

std::string_view content_type_of(std::string_view name) noexcept {
    const std::size_t dot = name.rfind('.');
    const std::string_view end = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
    for (const auto& [extension, type] : types) {
        if (is_same_token(extension, end)) return type;
    }
    return "application/octet-stream";
}

}  // namespace weft::inline v0::http
