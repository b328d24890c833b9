// SPDX-License-Identifier: Apache-2.0
// Cookies: each line is a Set-Cookie of one host or another, and all of it a Cookie.
#include "require.hpp"

#include <weft/http/cookie_jar.hpp>
#include <weft/http/cookies.hpp>
#include <weft/http/headers.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace http = weft::http;
using weft_fuzz::require;

namespace {

/// What can be written is read back as the same.
void require_written_and_read(const http::set_cookie& cookie) {
    try {
        const std::string text = cookie.to_string();
        http::headers().add("Set-Cookie", text);
        require(std::ranges::count(text, ';') <= 8, "there are eight attributes");
        require(http::set_cookie::parse(text) == cookie, "a cookie is read back");
    } catch (const std::invalid_argument&) {
    }
}

/// Whatever it holds, a cookie is one line.
void require_a_field(const std::string& cookies) { http::headers().add("Cookie", cookies); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const http::url urls[] = {http::url("http://a.b.example/c/d"), http::url("https://a.b.example/c"),
                                     http::url("https://b.example/"), http::url("http://1.2.3.4/")};
    static const http::url elsewhere[] = {http::url("https://example/c/d"), http::url("https://c.example/c/d")};
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto all = http::cookies::parse(text);
    for (const auto& cookie : all) require(!cookie.name.empty() && all.contains(cookie.name), "a cookie has a name");

    http::cookie_jar jar({.per_domain = 3, .in_all = 5});
    std::chrono::sys_seconds now{std::chrono::seconds(784'111'777)};
    for (std::size_t line = 0; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (const auto cookie = http::set_cookie::parse(text.substr(0, end))) require_written_and_read(*cookie);
        jar.store(urls[line % 4], text.substr(0, end), now);
        text.remove_prefix(std::min(end + 1, text.size()));
        require(jar.size() <= 5, "a jar has a limit");
        now += std::chrono::seconds(1);
    }
    for (const http::url& u : urls) require_a_field(jar.cookies_for(u, now));
    for (const http::url& u : elsewhere) require(jar.cookies_for(u, now).empty(), "no cookie goes elsewhere");
    return 0;
}
