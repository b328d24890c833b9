// SPDX-License-Identifier: Apache-2.0
#include "http/client/client_proxy.hpp"

#include "http/syntax/base64.hpp"
#include "http/syntax/characters.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>

namespace weft::inline v0::http {

namespace {

std::string_view from_environment(std::initializer_list<const char*> names) {
    for (const char* const name : names) {
        const char* const value = std::getenv(name);
        if (value && *value) return value;
    }
    return {};
}

/// "proxy.example:3128" means one that speaks HTTP.
std::string with_scheme(std::string_view text) {
    return text.empty() || text.contains("://") ? std::string(text) : "http://" + std::string(text);
}

std::optional<url> to_proxy(const std::string& text) {
    if (text.empty()) return std::nullopt;
    url proxy(text);
    if (proxy.scheme() != "http") throw std::invalid_argument("http::client: a proxy's URL has to be of http");
    return proxy;
}

}  // namespace

proxy_settings proxy_settings::from_environment() {
    const std::string_view all = http::from_environment({"all_proxy", "ALL_PROXY"});
    const std::string_view plain = http::from_environment({"http_proxy"});
    const std::string_view secure = http::from_environment({"https_proxy", "HTTPS_PROXY"});
    proxy_settings found = {.http = with_scheme(plain.empty() ? all : plain),
                            .https = with_scheme(secure.empty() ? all : secure)};
    std::string_view rest = http::from_environment({"no_proxy", "NO_PROXY"});
    while (!rest.empty()) {
        std::string_view member = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(member.size() + 1, rest.size()));
        while (member.starts_with(' ')) member.remove_prefix(1);
        while (member.ends_with(' ')) member.remove_suffix(1);
        if (!member.empty()) found.no_proxy.emplace_back(member);
    }
    return found;
}

client_proxy::client_proxy(const proxy_settings& settings)
    : http_(to_proxy(settings.http)), https_(to_proxy(settings.https)), no_proxy_(settings.no_proxy) {}

const url* client_proxy::find(const url& to) const noexcept {
    const std::optional<url>& proxy = to.is_secure() ? https_ : http_;
    const auto is_meant = [&](const std::string& member) { return is_reached_directly(member, to.host(), to.port()); };
    return proxy && std::ranges::none_of(no_proxy_, is_meant) ? &*proxy : nullptr;
}

bool is_reached_directly(std::string_view member, std::string_view host, std::uint16_t port) noexcept {
    if (member == "*") return true;
    const std::size_t colon = member.rfind(':');
    const bool has_port = colon != member.npos && (member.find(':') == colon || member[colon - (colon > 0)] == ']');
    if (has_port) {
        std::uint16_t wanted = 0;
        const char* const end = member.data() + member.size();
        const auto [stop, error] = std::from_chars(member.data() + colon + 1, end, wanted);
        if (error != std::errc() || stop != end || wanted != port) return false;
        member = member.substr(0, colon);
    }
    if (member.starts_with('[') && member.ends_with(']')) member = member.substr(1, member.size() - 2);
    if (member.starts_with('.')) member.remove_prefix(1);
    if (member.empty() || host.size() < member.size()) return false;
    const std::string_view end = host.substr(host.size() - member.size());
    const bool is_whole = host.size() == member.size() || host[host.size() - member.size() - 1] == '.';
    return is_whole && std::ranges::equal(end, member, {}, to_lower, to_lower);
}

std::string basic_credentials(const url::userinfo& of) { return "Basic " + base64(of.user + ":" + of.password); }

}  // namespace weft::inline v0::http
