// SPDX-License-Identifier: Apache-2.0
#include <weft/http/request.hpp>
#include <weft/http/response.hpp>

#include <utility>
#include <vector>

namespace weft::inline v0::http {

namespace {

constexpr std::string_view field_name = "Set-Cookie";

bool is_same_cookie(std::string_view field, const set_cookie& cookie) {
    const auto other = set_cookie::parse(field);
    return other && other->name == cookie.name && other->path == cookie.path && other->domain == cookie.domain;
}

}  // namespace

void response::set_cookie(const request& to, http::set_cookie cookie) {
    const std::string_view name = cookie.name;
    const bool says_so = name.starts_with("__") &&
                         (is_same_token(name.substr(0, 7), "__Host-") || is_same_token(name.substr(0, 9), "__Secure-"));
    cookie.secure = cookie.secure || says_so || to.scheme() == "https";
    const std::string text = cookie.to_string();
    std::vector<std::string> others;
    bool is_there = false;
    for (const std::string_view field : headers_.get_all(field_name)) {
        if (is_same_cookie(field, cookie)) {
            is_there = true;
        } else {
            others.emplace_back(field);
        }
    }
    if (is_there) {
        headers_.remove(field_name);
        for (const std::string& other : others) headers_.add(field_name, other);
    }
    headers_.add(field_name, text);
}

void response::set_cookie(const request& to, std::string name, std::string value) {
    set_cookie(to, {.name = std::move(name), .value = std::move(value)});
}

void response::delete_cookie(const request& to, http::set_cookie cookie) {
    cookie.value.clear();
    cookie.max_age = std::chrono::seconds(0);
    cookie.expires = std::chrono::sys_seconds();  // for who does not know Max-Age
    set_cookie(to, std::move(cookie));
}

void response::delete_cookie(const request& to, std::string name) {
    delete_cookie(to, {.name = std::move(name), .value = {}});
}

}  // namespace weft::inline v0::http
