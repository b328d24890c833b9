// SPDX-License-Identifier: Apache-2.0
#include "http/server/trusted_proxies.hpp"

#include "http/syntax/field_scanner.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

namespace {

/// Nobody has more proxies in a row.
constexpr std::size_t most_hops = 32;

/// The members of all fields of that name, which are one list, the last first. They are read from the right: so a quote that
/// a stranger has left open hides nothing of what a proxy has appended.
std::vector<std::string_view> last_members(const headers& said, std::string_view name, bool has_quotes = false) {
    std::vector<std::string_view> members;
    const std::vector<std::string_view> values = said.get_all(name);
    for (std::string_view rest : values | std::views::reverse) {
        while (!rest.empty() && members.size() < most_hops) {
            std::size_t begin = rest.size();
            for (bool quoted = false; begin > 0 && (quoted || rest[begin - 1] != ','); --begin) {
                if (has_quotes && rest[begin - 1] == '"') quoted = !quoted;
            }
            const std::string_view member = without_blanks(rest.substr(begin));
            if (!member.empty()) members.push_back(member);
            rest = rest.substr(0, begin == 0 ? 0 : begin - 1);
        }
    }
    return members;
}

/// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"; of a port that is none ("_x") 0.
std::optional<std::pair<ip_address, std::uint16_t>> parse_node(std::string_view text) {
    std::string_view host = text, port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!host.contains(':') || (!port.empty() && !port.starts_with(':'))) return std::nullopt;
    } else if (const std::size_t colon = text.find(':'); colon == text.rfind(':') && colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon);
    }
    const auto a = ip_address::parse(host);
    if (!a) return std::nullopt;
    std::uint16_t number = 0;
    if (!port.empty()) {
        const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
        if (error != std::errc() || end != port.data() + port.size()) number = 0;
    }
    return std::pair(*a, number);
}

/// Some say "wss" of a request that opens a WebSocket.
std::string_view to_scheme(std::string_view said) noexcept {
    if (is_same_token(said, "https") || is_same_token(said, "wss")) return "https";
    if (is_same_token(said, "http") || is_same_token(said, "ws")) return "http";
    return {};
}

struct element {
    std::string node, proto;
};

/// `for=192.0.2.43;proto=https;by=203.0.113.43`. @return empty: it is malformed, or says something twice
std::optional<element> parse_element(std::string_view text) {
    element e;
    for (field_scanner scanner(text); !scanner.at_end();) {
        scanner.skip_blanks();
        auto pair = scanner.parameter();
        scanner.skip_blanks();
        if (!pair || (!scanner.take(';') && !scanner.at_end())) return std::nullopt;
        if (pair->first != "for" && pair->first != "proto") continue;
        std::string& value = pair->first == "for" ? e.node : e.proto;
        if (!value.empty()) return std::nullopt;
        value = std::move(pair->second);
    }
    return e;
}

}  // namespace

trusted_proxies::trusted_proxies(const std::vector<std::string>& list, http::proxy_fields fields) : fields_(fields) {
    for (const std::string& each : list) {
        if (each == "unix") {
            trusts_nameless_ = true;
        } else if (const auto network = ip_network::parse(each)) {
            networks_.push_back(*network);
        } else {
            throw std::invalid_argument(
                "http::server: '" + each +
                "' is no address or network of a proxy (\"10.0.0.7\", \"10.0.0.0/8\", \"unix\")");
        }
    }
}

bool trusted_proxies::trusts(const ip_address& a) const noexcept {
    return std::ranges::any_of(networks_, [&](const ip_network& n) { return n.contains(a); });
}

bool trusted_proxies::trusts(const address& peer, const address& here) const noexcept {
    const auto parse = [](std::string_view host) { return ip_address::parse(host.substr(0, host.find('%'))); };
    if (const auto a = parse(peer.host)) return trusts(*a);
    // The peer of a TCP connection that was reset already has no address either.
    return trusts_nameless_ && !parse(here.host);
}

/// What a trusted proxy says of who asked it. @return whether that is a proxy whose word counts in turn
bool trusted_proxies::goes_on(std::string_view node, sender& found) const {
    const auto from = parse_node(node);
    if (!from) return false;
    found.client = address{.host = from->first.to_string(), .port = from->second};
    return trusts(from->first);
}

trusted_proxies::sender trusted_proxies::find(const headers& said) const {
    return fields_ == http::proxy_fields::forwarded ? by_forwarded(said) : by_x_forwarded(said);
}

trusted_proxies::sender trusted_proxies::by_x_forwarded(const headers& said) const {
    sender found;
    for (const std::string_view node : last_members(said, "X-Forwarded-For")) {
        if (!goes_on(node, found)) break;
    }
    // Of several the last: most proxies write one in place of what there was, and which of the others were appended by
    // whom does not show.
    const auto schemes = last_members(said, "X-Forwarded-Proto");
    if (!schemes.empty()) found.scheme = to_scheme(schemes.front());
    return found;
}

trusted_proxies::sender trusted_proxies::by_forwarded(const headers& said) const {
    sender found;
    for (const std::string_view member : last_members(said, "Forwarded", true)) {
        const auto e = parse_element(member);
        if (!e) break;
        found.scheme = to_scheme(e->proto);
        if (!goes_on(e->node, found)) break;
    }
    return found;
}

}  // namespace weft::inline v0::http
