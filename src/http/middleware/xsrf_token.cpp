// SPDX-License-Identifier: Apache-2.0
#include "http/middleware/xsrf_token.hpp"

#include "http/crypto/random_bytes.hpp"
#include "http/server/request_core.hpp"
#include "http/syntax/base64url.hpp"

#include <weft/http/media_type.hpp>
#include <weft/http/multipart.hpp>

#include <algorithm>
#include <utility>

namespace weft::inline v0::http {

namespace {

constexpr std::size_t longest_token = 100;
/// So much of a form with files is looked at for the first field.
constexpr std::size_t looked_at_bytes = 16 * 1024;

void cover(std::string& text, std::string_view mask) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(text[i] ^ mask[i]);
}

task<std::string> find_in_form(request& r, std::string_view name, std::size_t form_bytes) {
    std::uint64_t& limit = request_core::of(r).body_limit;
    limit = std::min<std::uint64_t>(limit, form_bytes);  // for good: nothing is left behind what is read here
    std::string text = co_await r.body();
    std::string token(form::parse(text).get(name).value_or(""));
    r.put_back(std::move(text));
    co_return token;
}

/// In its first field, or nowhere: what comes after it may be long, and is the handler's.
task<std::string> find_in_multipart(request& r, std::string_view name, std::string_view boundary) {
    using event = multipart_parser::event;
    multipart_parser parser(boundary);
    std::string seen, token, buffer(4096, '\0');
    for (bool is_found = false, is_over = false; !is_over && seen.size() < looked_at_bytes;) {
        const std::size_t count = co_await r.read_some(std::as_writable_bytes(std::span(buffer)));
        if (count == 0) break;
        std::string_view input = std::string_view(buffer).substr(0, count);
        seen += input;
        for (event e{}; !is_over && (e = parser.next(input)) != event::need_more;) {
            if (e == event::part) is_found = parser.head().name == name && !parser.head().filename;
            if (e == event::data && is_found) token += parser.data();
            is_over = !is_found || e == event::part_end || token.size() > longest_token;
        }
    }
    r.put_back(std::move(seen));
    co_return token;
}

}  // namespace

std::string make_xsrf_secret() {
    std::string secret(xsrf_secret_bytes, '\0');
    fill_with_random_bytes(secret);
    return secret;
}

std::string mask_xsrf_secret(std::string_view secret) {
    const std::string mask = make_xsrf_secret();
    std::string covered(secret);
    cover(covered, mask);
    return encode_base64url(mask + covered);
}

bool is_xsrf_token(std::string_view token, std::string_view secret) {
    auto text = decode_base64url(token);
    if (!text || text->size() != 2 * xsrf_secret_bytes || secret.size() != xsrf_secret_bytes) return false;
    std::string covered = text->substr(xsrf_secret_bytes);
    cover(covered, *text);
    unsigned difference = 0;
    for (std::size_t i = 0; i < xsrf_secret_bytes; ++i)
        difference |= static_cast<unsigned char>(covered[i] ^ secret[i]);
    return difference == 0;
}

task<std::string> find_xsrf_token(request& r, std::string_view name, std::size_t form_bytes) {
    for (const char* const field : {"X-XSRFToken", "X-CSRFToken"}) {
        if (const auto token = r.headers().get(field)) co_return std::string(*token);
    }
    const auto type = media_type::parse(r.header("Content-Type"));
    if (type && type->is("application/x-www-form-urlencoded")) co_return co_await find_in_form(r, name, form_bytes);
    if (type && type->is("multipart/form-data")) {
        const auto boundary = type->parameter("boundary");
        if (boundary) co_return co_await find_in_multipart(r, name, *boundary);
    }
    co_return std::string();
}

}  // namespace weft::inline v0::http
