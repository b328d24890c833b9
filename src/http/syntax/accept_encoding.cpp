// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/accept_encoding.hpp"

#include "http/syntax/field_scanner.hpp"
#include "http/syntax/quality.hpp"

#include <weft/http/headers.hpp>

#include <optional>

namespace weft::inline v0::http {

namespace {

std::optional<int> read_quality(field_scanner member) noexcept {
    member.skip_blanks();
    if (member.at_end()) return 1000;
    if (!member.take(';')) return std::nullopt;
    member.skip_blanks();
    if (!is_same_token(member.token(), "q") || !member.take('=')) return std::nullopt;
    const std::optional<int> quality = parse_quality(member.token());
    return member.at_end() ? quality : std::nullopt;
}

}  // namespace

int coding_quality(std::string_view accept_encoding, std::string_view coding) noexcept {
    std::optional<int> of_any;
    for (field_scanner list(accept_encoding); !list.at_end();) {
        field_scanner member(list.member());
        std::string_view name = member.token();
        if (is_same_token(name, "x-gzip")) name.remove_prefix(2);
        const std::optional<int> quality = read_quality(member);
        if (!quality) continue;
        if (is_same_token(name, coding)) return *quality;
        if (name == "*") of_any = quality;
    }
    return of_any.value_or(is_same_token(coding, "identity") ? 1 : 0);
}

}  // namespace weft::inline v0::http
