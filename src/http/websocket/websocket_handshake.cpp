// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_handshake.hpp"

#include "http/crypto/random_bytes.hpp"
#include "http/crypto/sha1.hpp"
#include "http/syntax/base64.hpp"
#include "http/syntax/characters.hpp"
#include "http/syntax/field_scanner.hpp"

#include <weft/http/url.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace weft::inline v0::http {

bool is_websocket_key(std::string_view text) noexcept {
    if (text.size() != 24 || !text.ends_with("==")) return false;
    text.remove_suffix(2);
    const bool is_base64 =
        std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '/'; });
    return is_base64 && std::string_view("AQgw").contains(text.back());  // the last digit has four bits to spare
}

std::string make_websocket_key() {
    std::array<char, 16> bytes;
    fill_with_random_bytes(bytes);
    return base64({bytes.data(), bytes.size()});
}

std::string accept_of_key(std::string_view key) {
    const auto digest = sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    return base64({digest.data(), digest.size()});
}

bool read_tokens(const headers& fields, std::string_view name, std::vector<std::string_view>& into) {
    for (const std::string_view value : fields.get_all(name)) {
        for (field_scanner scan(value); !scan.at_end();) {
            const std::string_view member = scan.member();
            if (!member.empty() && !is_token(member)) return false;
            if (!member.empty()) into.push_back(member);
        }
    }
    return true;
}

websocket_refusal judge_upgrade(const request& r) {
    const headers& fields = r.headers();
    if (r.method() != method::get) return {.sentence = "a WebSocket is asked for by GET"};
    if (r.minor_version() < 1) return {.sentence = "a WebSocket is asked for by HTTP/1.1"};
    if (r.has_body()) return {.sentence = "a request for a WebSocket has no body"};
    if (!fields.lists("Upgrade", "websocket"))
        return {.sentence = "here is a WebSocket: the field Upgrade must say so"};
    if (!fields.lists("Connection", "upgrade")) return {.sentence = "the field Connection does not list 'Upgrade'"};
    const auto versions = fields.get_all("Sec-WebSocket-Version");
    if (versions.empty()) return {.sentence = "the field Sec-WebSocket-Version is missing"};
    if (versions.size() > 1 || versions.front() != "13")
        return {status::upgrade_required, "the version of WebSocket here is 13"};
    const auto keys = fields.get_all("Sec-WebSocket-Key");
    if (keys.size() != 1 || !is_websocket_key(keys.front()))
        return {.sentence = "the field Sec-WebSocket-Key is no key"};
    return {};
}

bool is_allowed_origin(std::string_view origin, std::string_view host, const std::vector<std::string>& allowed) {
    if (!allowed.empty()) {
        return std::ranges::any_of(allowed, [&](const std::string& a) { return a == "*" || is_same_token(a, origin); });
    }
    try {
        const url from(origin);
        return from.authority() == url(from.scheme() + "://" + std::string(host)).authority();
    } catch (const std::invalid_argument&) {  // "null", say
        return false;
    }
}

}  // namespace weft::inline v0::http
