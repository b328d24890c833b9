// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/field_scanner.hpp"

#include <weft/http/headers.hpp>
#include <weft/http/range.hpp>

#include <limits>
#include <optional>

namespace weft::inline v0::http {

namespace {

constexpr std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max();

/// One that is too great for a number is the greatest there is. @return empty: it is no number
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const auto digit = static_cast<unsigned>(c - '0');
        value = value > (greatest - digit) / 10 ? greatest : value * 10 + digit;
    }
    return value;
}

/// "first-last", "first-" or "-count". @return empty: it is malformed; of size 0: it is not there
std::optional<byte_range> parse_range(std::string_view text, std::uint64_t size) noexcept {
    const std::size_t dash = text.find('-');
    if (dash == text.npos) return std::nullopt;
    const std::string_view before = text.substr(0, dash), behind = text.substr(dash + 1);
    if (before.empty()) {
        const std::optional<std::uint64_t> count = parse_number(behind);
        if (!count) return std::nullopt;
        const std::uint64_t taken = std::min(*count, size);
        return byte_range{.offset = size - taken, .size = taken};
    }
    const std::optional<std::uint64_t> first = parse_number(before);
    const std::optional<std::uint64_t> last = behind.empty() ? greatest : parse_number(behind);
    if (!first || !last || *last < *first) return std::nullopt;
    if (*first >= size) return byte_range{.offset = 0, .size = 0};
    return byte_range{.offset = *first, .size = std::min(*last, size - 1) - *first + 1};
}

/// Adds a range, together with those that it overlaps or touches, in the place of the first of these. As they are apart
/// from each other, it reaches no more of them by having grown.
void merge(std::vector<byte_range>& ranges, byte_range wanted) {
    std::optional<std::size_t> place;
    for (std::size_t i = 0; i < ranges.size();) {
        const byte_range& other = ranges[i];
        if (wanted.offset > other.offset + other.size || other.offset > wanted.offset + wanted.size) {
            ++i;
            continue;
        }
        const std::uint64_t end = std::max(wanted.offset + wanted.size, other.offset + other.size);
        wanted.offset = std::min(wanted.offset, other.offset);
        wanted.size = end - wanted.offset;
        ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(i));
        if (!place) place = i;
    }
    if (place) {
        ranges.insert(ranges.begin() + static_cast<std::ptrdiff_t>(*place), wanted);
    } else {
        ranges.push_back(wanted);
    }
}

}  // namespace

std::string byte_range::content_range(std::uint64_t of) const {
    return "bytes " + std::to_string(offset) + "-" + std::to_string(offset + size - 1) + "/" + std::to_string(of);
}

byte_ranges byte_ranges::parse(std::string_view field, std::uint64_t size) {
    const std::size_t equals = field.find('=');
    if (equals == field.npos || !is_same_token(field.substr(0, equals), "bytes")) return {};
    byte_ranges result;
    std::size_t count = 0;
    for (field_scanner scanner(field.substr(equals + 1)); !scanner.at_end();) {
        const std::string_view member = scanner.member();
        if (member.empty()) continue;  // RFC 9110 5.6.1.2
        const std::optional<byte_range> range = parse_range(member, size);
        if (!range) return {};
        if (++count > max_ranges) return {.how = outcome::refused};
        if (range->size > 0) merge(result.ranges, *range);
    }
    if (count > 0) result.how = result.ranges.empty() ? outcome::refused : outcome::partial;
    return result;
}

}  // namespace weft::inline v0::http
