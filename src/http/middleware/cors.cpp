// SPDX-License-Identifier: Apache-2.0
#include <weft/http/cors.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace weft::inline v0::http {

namespace {

std::string joined(const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& each : all) text.append(text.empty() ? "" : ", ").append(each);
    return text;
}

/// What the options say, as fields have it.
struct policy {
    explicit policy(cors_options o)
        : origins(std::move(o.origins)),
          methods(joined(o.methods)),
          headers(joined(o.headers)),
          exposed(joined(o.exposed)),
          max_age(std::to_string(o.max_age.count())),
          credentials(o.credentials),
          allows_all(std::ranges::find(origins, "*") != origins.end()) {
        if (credentials && allows_all)
            throw std::invalid_argument("http::cors: credentials cannot go with the origin \"*\"");
    }

    bool allows(std::string_view origin) const {
        return !origin.empty() && (allows_all || std::ranges::find(origins, origin) != origins.end());
    }
    void add_to(http::headers& to, std::string_view origin) const {
        to.set("Access-Control-Allow-Origin", allows_all ? "*" : origin);
        if (credentials) to.set("Access-Control-Allow-Credentials", "true");
        if (!exposed.empty()) to.set("Access-Control-Expose-Headers", exposed);
    }
    response preflight(std::string_view origin) const {
        response r(status::no_content);
        add_to(r.headers(), origin);
        r.headers().set("Access-Control-Allow-Methods", methods);
        if (!headers.empty()) r.headers().set("Access-Control-Allow-Headers", headers);
        r.headers().set("Access-Control-Max-Age", max_age);
        return r;
    }

    std::vector<std::string> origins;
    std::string methods, headers, exposed, max_age;
    bool credentials, allows_all;
};

}  // namespace

middleware cors(cors_options options) {
    return [p = std::make_shared<const policy>(std::move(options))](request& r, next rest) -> task<response> {
        const std::string origin(r.header("Origin"));
        const bool is_allowed = p->allows(origin);
        const bool is_preflight =
            r.method() == method::options && r.headers().contains("Access-Control-Request-Method");
        if (is_preflight && is_allowed) co_return p->preflight(origin);
        const auto add_to = [&](http::headers& fields) {
            if (is_allowed) p->add_to(fields, origin);
            if (!p->allows_all) fields.add("Vary", "Origin");  // a cache must not give it to another
        };
        add_to(r.error_headers());  // whoever asks may read what went wrong
        response answer = co_await rest(r);
        add_to(answer.headers());
        co_return answer;
    };
}

}  // namespace weft::inline v0::http
