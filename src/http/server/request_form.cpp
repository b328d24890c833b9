// SPDX-License-Identifier: Apache-2.0
#include "http/multipart/multipart_body.hpp"
#include "http/server/request_core.hpp"
#include "http/syntax/field_scanner.hpp"

#include <weft/base/errors.hpp>
#include <weft/http/media_type.hpp>

#include <limits>
#include <utility>

// What names and values a request brings, in its query and in its body.

namespace weft::inline v0::http {

namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
constexpr std::string_view without_files = "application/x-www-form-urlencoded", with_files = "multipart/form-data";

/// @throws http_error (415)  it is no form of this kind
media_type require_form(const request& r, std::string_view kind) {
    auto type = media_type::parse(r.header("Content-Type"));
    const bool is_it = type && type->is(kind) && is_same_token(type->parameter("charset").value_or("utf-8"), "utf-8");
    if (!is_it) throw http_error(status::unsupported_media_type, "the body must be " + std::string(kind));
    return *std::move(type);
}

}  // namespace

const form& request::query_params() const {
    if (!core_->query_params) core_->query_params = http::form::parse(query());
    return *core_->query_params;
}

task<form> request::form(std::size_t max_fields) {
    require_form(*this, without_files);
    const std::string text = co_await body();
    if (text.empty() && content_length().value_or(0) > 0)
        throw invalid_state_error("http: the body of the request has been read already");
    co_return http::form::parse(text, max_fields);
}

task<multipart_reader> request::multipart(multipart_limits limits) {
    const media_type type = require_form(*this, with_files);
    const auto boundary = type.parameter("boundary");
    if (!boundary) throw http_error(status::bad_request, "the form has no boundary");
    if (core_->form) throw invalid_state_error("http: the form of the request has been asked for already");
    core_->form = std::make_shared<multipart_body>(*this, *boundary, limits);
    co_return multipart_reader(core_->form);
}

task<form> request::any_form(std::size_t max_fields) {
    const auto type = media_type::parse(header("Content-Type"));
    if (!type || !type->is(with_files)) co_return co_await form(max_fields);
    http::form fields;
    multipart_reader parts = co_await multipart({.max_parts = max_fields});
    while (auto part = co_await parts.next()) {
        if (part->is_file()) throw http_error(status::unprocessable_content, shown(part->name()) + ": takes no file");
        fields.add(part->name(), co_await part->text(no_limit));  // the body's limit is theirs together
    }
    co_return fields;
}

}  // namespace weft::inline v0::http
