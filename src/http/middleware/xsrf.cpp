// SPDX-License-Identifier: Apache-2.0
#include <weft/http/xsrf.hpp>

#include "http/middleware/xsrf_token.hpp"

#include <weft/base/errors.hpp>
#include <weft/http/html_text.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace weft::inline v0::http {

namespace {

/// Other hosts of the same site may plant cookies of the same name before ours: so many are looked at.
constexpr std::size_t most_of_a_name = 10;

std::chrono::sys_seconds today() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

[[noreturn]] void refuse(const char* why) { throw http_error(status::forbidden, why); }

/// Whether an origin, as "https://example.org:8000", is the host that was asked. A page that came without TLS is not that of a
/// host that speaks TLS, for anybody on the way may have written it.
bool is_own(std::string_view origin, const request& r) {
    const bool is_secure = origin.starts_with("https://");
    if (!is_secure && (!origin.starts_with("http://") || r.scheme() == "https")) return false;
    const auto without_port = [is_secure](std::string_view host) {
        const std::string_view usual = is_secure ? ":443" : ":80";
        return host.ends_with(usual) ? host.substr(0, host.size() - usual.size()) : host;
    };
    return is_same_token(without_port(origin.substr(origin.find("//") + 2)), without_port(r.host()));
}

/// What the options say.
class policy {
public:
    policy(signer by, xsrf_options options) : by_(std::move(by)), options_(std::move(options)) {
        static_cast<void>(set_cookie{.name = options_.name, .secure = true}.to_string());  // throws now, and not later
    }

    const std::string& name() const noexcept { return options_.name; }

    bool is_exempt(const request& r) const {
        const auto is_meant = [&](const std::string& what) {
            return r.route() == what || (what.ends_with("/*") && r.path().starts_with(what.substr(0, what.size() - 1)));
        };
        return std::ranges::any_of(options_.exempt, is_meant) || (options_.exempt_if && options_.exempt_if(r));
    }

    void require_own_site(const request& r) const {
        const auto origin = r.headers().get("Origin");
        if (origin && std::ranges::find(options_.trusted_origins, *origin) != options_.trusted_origins.end()) return;
        const auto site = r.headers().get("Sec-Fetch-Site");
        const bool is_own_site = site ? *site == "same-origin" || *site == "none" : !origin || is_own(*origin, r);
        if (!is_own_site) refuse("this was sent by a page of another site, in your name: it was refused");
    }

    task<> require_token(request& r) const {
        const std::string token = co_await find_xsrf_token(r, options_.name, options_.form_bytes);
        if (token.empty()) refuse("the request has no XSRF token: the page that sends it has left that out");
        const auto secrets = secrets_of(r);
        if (secrets.empty())
            refuse("the page's XSRF cookie is gone or too old: load the page again, then send its form");
        if (std::ranges::none_of(secrets, [&](const std::string& s) { return is_xsrf_token(token, s); }))
            refuse("the page's XSRF token is not this visitor's: load the page again, then send its form");
    }

    /// Those of the visitor, who may have one of each path or host that is this site's.
    std::vector<std::string> secrets_of(const request& r) const {
        std::vector<std::string> found;
        std::size_t looked_at = 0;
        for (const std::string_view text : r.cookies().get_all(options_.name)) {
            if (++looked_at > most_of_a_name) break;
            auto secret = by_.verify(purpose(r), text, options_.max_age, today());
            if (secret && secret->size() == xsrf_secret_bytes) found.push_back(*std::move(secret));
        }
        return found;
    }

    void give(const request& r, response& answer, std::string_view secret) const {
        answer.set_cookie(r, options_.name, by_.sign(purpose(r), secret, today()));
        answer.headers().add("Vary", "Cookie");
        answer.headers().set_default("Cache-Control", "private");
    }

private:
    std::string purpose(const request& r) const {
        return "xsrf " + (options_.session ? options_.session(r) : std::string());
    }

    const signer by_;
    const xsrf_options options_;
};

/// What a request has of it.
struct visitor {
    std::shared_ptr<const policy> of;
    std::string secret;  // empty: nobody has asked
    bool is_answered = false;
};

}  // namespace

middleware xsrf(signer by, xsrf_options options) {
    return [of = std::make_shared<const policy>(std::move(by), std::move(options))](request& r,
                                                                                    next rest) -> task<response> {
        if (!is_safe(r.method()) && !of->is_exempt(r)) {
            of->require_own_site(r);
            co_await of->require_token(r);
        }
        visitor& v = r.local<visitor>();
        v.of = of;
        response answer = co_await rest(r);
        v.is_answered = true;
        if (!v.secret.empty()) of->give(r, answer, v.secret);
        co_return answer;
    };
}

std::string xsrf_token(request& r) {
    visitor& v = r.local<visitor>();
    if (!v.of) throw invalid_state_error("http::xsrf_token: no xsrf() stands around this handler");
    if (v.secret.empty()) {
        if (v.is_answered) throw invalid_state_error("http::xsrf_token: the answer's head, and its cookie, have gone");
        const auto secrets = v.of->secrets_of(r);
        v.secret = secrets.empty() ? make_xsrf_secret() : secrets.front();
    }
    return mask_xsrf_secret(v.secret);
}

std::string xsrf_field(request& r) {
    const std::string token = xsrf_token(r);
    return "<input type=\"hidden\" name=\"" + html_text(r.local<visitor>().of->name()) + "\" value=\"" + token + "\">";
}

}  // namespace weft::inline v0::http
