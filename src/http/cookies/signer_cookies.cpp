// SPDX-License-Identifier: Apache-2.0
#include <weft/http/request.hpp>
#include <weft/http/response.hpp>
#include <weft/http/signer.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

// Cookies whose values are signed. What is signed is "EXPIRES.VALUE", EXPIRES being Unix time in decimal digits, for the
// purpose "cookie NAME".

namespace weft::inline v0::http {

namespace {

using std::chrono::days, std::chrono::seconds, std::chrono::sys_seconds;

constexpr seconds default_age = days(30);
constexpr seconds longest_age = days(400);  // browsers keep none for longer
/// Other hosts of the same site may plant cookies of the same name before ours: so many are looked at.
constexpr std::size_t most_of_a_name = 10;

sys_seconds today() { return std::chrono::floor<seconds>(std::chrono::system_clock::now()); }

std::string purpose(std::string_view name) { return "cookie " + std::string(name); }

/// @return empty: it is nothing that was signed, or it has expired
std::optional<std::string> read(const signer& by, std::string_view name, std::string_view text, sys_seconds now) {
    std::optional<std::string> signed_text = by.verify(purpose(name), text, seconds::max(), now);
    if (!signed_text) return std::nullopt;
    const std::size_t dot = signed_text->find('.');
    if (dot == signed_text->npos) return std::nullopt;
    seconds::rep expires = 0;
    const char* const end = signed_text->data() + dot;
    const auto [stop, error] = std::from_chars(signed_text->data(), end, expires);
    if (error != std::errc() || stop != end || now >= sys_seconds(seconds(expires))) return std::nullopt;
    signed_text->erase(0, dot + 1);
    return signed_text;
}

}  // namespace

void response::set_signed_cookie(const request& to, const signer& by, http::set_cookie cookie) {
    const sys_seconds now = today();
    sys_seconds expires = cookie.expires.value_or(now + default_age);
    if (cookie.max_age) expires = now + std::clamp(*cookie.max_age, seconds(0), longest_age);
    cookie.value =
        by.sign(purpose(cookie.name), std::to_string(expires.time_since_epoch().count()) + "." + cookie.value, now);
    set_cookie(to, std::move(cookie));
}

std::optional<std::string> request::signed_cookie(const signer& by, std::string_view name) const {
    std::size_t looked_at = 0;
    for (const std::string_view text : cookies().get_all(name)) {
        if (++looked_at > most_of_a_name) break;
        if (auto value = read(by, name, text, today())) return value;
    }
    return std::nullopt;
}

}  // namespace weft::inline v0::http
