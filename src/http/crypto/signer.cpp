// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/base64url.hpp"

#include <weft/http/signer.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0::http {

namespace {

// What is signed is "1.TIME.VALUE.MAC": the version, Unix time in decimal digits, and the others in base64url.
constexpr std::string_view version = "1.";

/// Of the purpose and the text before the MAC, each with its length before it, so that none can run into the other.
std::string mac(const std::string& key, std::string_view purpose, std::string_view text) {
    std::string message = "weft signer ";
    for (const std::string_view part : {purpose, text})
        message.append(std::to_string(part.size())).append(":").append(part);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (key.size() > INT_MAX ||
        HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest, &size) == nullptr)
        throw std::runtime_error("http: HMAC-SHA256 failed");
    return encode_base64url({reinterpret_cast<const char*>(digest), size});
}

bool is_same_secretly(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Cuts the last piece, behind a dot, off. @return empty, if there is no dot
std::optional<std::string_view> take_last(std::string_view& text) noexcept {
    const std::size_t dot = text.rfind('.');
    if (dot == text.npos) return std::nullopt;
    const std::string_view last = text.substr(dot + 1);
    text = text.substr(0, dot);
    return last;
}

}  // namespace

signer::signer(std::vector<std::string> keys) : keys_(std::move(keys)) {
    if (keys_.empty()) throw std::invalid_argument("http: a signer needs a key");
    if (std::ranges::any_of(keys_, [](const std::string& key) { return key.size() < 16; }))
        throw std::invalid_argument("http: a key of a signer has 16 bytes or more");
}

std::string signer::sign(std::string_view purpose, std::string_view value, time_point now) const {
    const std::string text =
        std::string(version) + std::to_string(now.time_since_epoch().count()) + "." + encode_base64url(value);
    return text + "." + mac(keys_.front(), purpose, text);
}

std::optional<std::string> signer::verify(std::string_view purpose, std::string_view text, std::chrono::seconds max_age,
                                          time_point now) const {
    const std::optional<std::string_view> given = take_last(text);
    if (!given) return std::nullopt;
    bool is_genuine = false;
    for (const std::string& key : keys_) is_genuine |= is_same_secretly(mac(key, purpose, text), *given);
    if (!is_genuine) return std::nullopt;
    // From here on it is what sign() wrote.
    const std::optional<std::string_view> value = take_last(text);
    if (!value || !text.starts_with(version)) return std::nullopt;
    text.remove_prefix(version.size());
    std::chrono::seconds::rep seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    const time_point time{std::chrono::seconds(seconds)};
    if (time > now + clock_skew || now - time > max_age) return std::nullopt;
    return decode_base64url(*value);
}

}  // namespace weft::inline v0::http
