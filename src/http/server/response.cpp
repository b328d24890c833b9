// SPDX-License-Identifier: Apache-2.0
#include <weft/http/response.hpp>

#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

namespace {

response with_type(std::string body, http::status status, std::string_view content_type) {
    response r(status, std::move(body));
    r.headers().add("Content-Type", content_type);
    return r;
}

}  // namespace

response response::text(std::string body, http::status status) {
    return with_type(std::move(body), status, "text/plain; charset=utf-8");
}
response response::html(std::string body, http::status status) {
    return with_type(std::move(body), status, "text/html; charset=utf-8");
}
response response::json(std::string encoded, http::status status) {
    return with_type(std::move(encoded), status, "application/json");
}

response response::redirect(std::string_view location, http::status status) {
    response r(status);
    r.headers().add("Location", location);
    return r;
}

response response::stream(producer writes, std::string_view content_type, std::optional<std::uint64_t> size) {
    response r;
    r.headers().add("Content-Type", content_type);
    r.set_body(std::move(writes), size);
    return r;
}

void response::set_body(producer writes, std::optional<std::uint64_t> size) {
    if (!writes) throw std::invalid_argument("http: an answer's body is given an empty producer");
    body_ = produced{std::move(writes), size};
}

response response::file(file_part part, std::string_view content_type) {
    response r;
    r.headers().add("Content-Type", content_type);
    r.body_ = std::move(part);
    return r;
}

response response::switch_protocols(std::string_view protocol, successor goes_on) {
    response r(http::status::switching_protocols);
    r.headers().add("Connection", "Upgrade");
    r.headers().add("Upgrade", protocol);
    r.body_ = std::move(goes_on);
    return r;
}

std::optional<std::uint64_t> response::content_length() const noexcept {
    if (const std::string* const text = body()) return text->size();
    if (const auto* const part = std::get_if<file_part>(&body_)) return part->size;
    if (const auto* const written = std::get_if<produced>(&body_)) return written->size;
    return std::nullopt;
}

}  // namespace weft::inline v0::http
