// SPDX-License-Identifier: Apache-2.0
#include "http/message/field_notes.hpp"

#include "http/message/request_target.hpp"
#include "http/syntax/characters.hpp"

#include <weft/http/headers.hpp>

#include <algorithm>
#include <limits>

namespace weft::inline v0::http {

namespace {

std::optional<refusal> bad(std::string_view sentence) { return refusal{status::bad_request, sentence}; }

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace

std::optional<refusal> field_notes::note_named(std::string_view name, std::string_view value, std::string_view raw,
                                               std::size_t index) {
    const auto is = [&](std::string_view other) { return is_same_token(name, other); };
    if (is("content-length")) return note_length(value, raw);
    if (is("transfer-encoding")) return note_coding(value, raw);
    if (is("connection")) note_connection(value);
    if (is("upgrade")) has_upgrade = true;
    if (!of_request_) return std::nullopt;
    if (is("host")) return note_host(value, index);
    if (is("expect")) (is_same_token(value, "100-continue") ? expects_continue : expects_other) = true;
    return std::nullopt;
}

std::optional<refusal> field_notes::note_host(std::string_view value, std::size_t index) {
    if (host != none) return bad("there is more than one Host");
    if (!is_authority(value)) return bad("Host is not a host");
    host = index;
    return std::nullopt;
}

std::optional<refusal> field_notes::note_length(std::string_view value, std::string_view raw) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    if (length) return bad("there is more than one Content-Length");
    if (is_chunked) return bad("there are both Content-Length and Transfer-Encoding");
    if (value.empty() || !std::ranges::all_of(value, is_digit) || !is_plain(value, raw))
        return bad("Content-Length is not a number");
    if (value.size() > 19) return bad("Content-Length is too large");
    std::uint64_t number = 0;
    for (const char c : value) number = number * 10 + static_cast<std::uint64_t>(c - '0');
    if (number > most) return bad("Content-Length is too large");
    length = number;
    return std::nullopt;
}

std::optional<refusal> field_notes::note_coding(std::string_view value, std::string_view raw) {
    if (is_chunked) return bad("there is more than one Transfer-Encoding");
    if (length) return bad("there are both Content-Length and Transfer-Encoding");
    if (!is_same_token(value, "chunked") || !is_plain(value, raw)) return bad("Transfer-Encoding is not chunked");
    is_chunked = true;
    return std::nullopt;
}

void field_notes::note_connection(std::string_view value) noexcept {
    while (!value.empty()) {
        const std::size_t comma = std::min(value.find(','), value.size());
        const std::string_view token = trimmed(value.substr(0, comma));
        if (is_same_token(token, "close")) says_close = true;
        if (is_same_token(token, "keep-alive")) says_keep_alive = true;
        if (is_same_token(token, "upgrade")) says_upgrade = true;
        value.remove_prefix(std::min(comma + 1, value.size()));
    }
}

/// In a request nothing stands around the value but the one space that all senders write: some readers take a tab, or
/// further spaces, for a part of it, and then do not know it. Servers there are that pad a length with spaces.
bool field_notes::is_plain(std::string_view value, std::string_view raw) const noexcept {
    return !of_request_ || raw.size() == value.size() || (raw.size() == value.size() + 1 && raw.front() == ' ');
}

}  // namespace weft::inline v0::http
