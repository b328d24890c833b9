// SPDX-License-Identifier: Apache-2.0
#include "site.hpp"

#include "page.hpp"
#include "story.hpp"

#include <weft/http/health.hpp>
#include <weft/http/rate_limit.hpp>
#include <weft/http/request_id.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace http = weft::http;

namespace showcase {

namespace {

/// Nothing is loaded from elsewhere, nothing runs that is not a file of the page, and nobody puts it into a frame.
constexpr std::pair<std::string_view, std::string_view> safety[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
     "form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
};

weft::task<http::response> safely(http::request& r, http::next next) {
    for (const auto& [name, value] : safety) r.error_headers().set(name, value);
    http::response answer = co_await next(r);
    for (const auto& [name, value] : safety) answer.headers().set(name, value);
    co_return answer;
}

/// What changes something must come from this page. A browser says where it comes from; what is none may do as it likes.
weft::task<http::response> from_here(http::request& r, http::next next) {
    const bool only_looks = r.method() == http::method::get || r.method() == http::method::head;
    const std::string_view origin = r.header("Origin");
    if (!only_looks && !origin.empty() && origin != std::string(r.scheme()) + "://" + std::string(r.host())) {
        throw http::http_error(http::status::forbidden, "another site's page may not do this");
    }
    co_return co_await next(r);
}

}  // namespace

http::router site::routes() {
    http::router api;
    api.use(http::rate_limit({.requests = 30, .burst = 150}));
    api.use(from_here);
    api.mount("/pieces", workshop_.routes());
    api.mount("/generators", generators_.routes());
    api.mount("/story", story_routes());
    api.mount("/chat", chat_.routes());
    api.get("/live", [this](http::request&) -> weft::task<http::response> { co_return live_.stream(); });

    http::router all;
    all.use(http::request_ids());
    all.use(safely);
    all.use(traffic_.watches());
    all.use(http::rate_limit({.requests = 60, .burst = 400}));
    for (const page_file& file : page_files()) {
        all.get(file.path, [&file](http::request&) -> weft::task<http::response> {
            co_return http::response(http::status::ok, std::string(file.text))
                .with("Content-Type", file.media_type)
                .with("Cache-Control", "no-cache");
        });
    }
    all.mount("/api", std::move(api));
    http::add_health(all);
    return all;
}

}  // namespace showcase
