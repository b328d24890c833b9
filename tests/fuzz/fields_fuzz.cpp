// SPDX-License-Identifier: Apache-2.0
// The small fields: media types, what is accepted, ranges, entity tags, dates. What is written is read back as the same.
#include "require.hpp"

#include <weft/http/accept.hpp>
#include <weft/http/conditional.hpp>
#include <weft/http/date.hpp>
#include <weft/http/range.hpp>

#include <cstdint>
#include <stdexcept>

namespace http = weft::http;
using weft_fuzz::require;

namespace {

/// Apart from each other, and within the content.
void require_sound(const http::byte_ranges& asked, std::uint64_t size) {
    require(asked.ranges.size() <= http::byte_ranges::max_ranges, "ranges are few");
    require(asked.ranges.empty() == (asked.how != http::byte_ranges::outcome::partial), "there are ranges");
    for (const http::byte_range& a : asked.ranges) {
        require(a.size > 0 && a.offset < size && a.size <= size - a.offset, "a range is of the whole");
        for (const http::byte_range& b : asked.ranges)
            require(a == b || a.offset + a.size < b.offset || b.offset + b.size < a.offset, "ranges are apart");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto type = http::media_type::parse(text))
        require(http::media_type::parse(type->to_string()) == type, "a type is read back");
    const int quality = http::accept::parse(text).quality({"text", "html"});
    require(quality >= 0 && quality <= 1000, "quality is in thousandths");
    for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, ~std::uint64_t{0}})
        require_sound(http::byte_ranges::parse(text, length), length);
    if (const auto tag = http::etag::parse(text))
        require(http::etag::parse(tag->to_string()) == tag, "a tag is read back");
    const std::chrono::sys_seconds now{std::chrono::seconds(784'111'777)};
    if (const auto date = http::parse_date(text, now))
        require(http::parse_date(http::format_date(*date), now) == date, "a date is read back");
    try {
        const http::headers request{{"If-Match", text}, {"If-None-Match", text}, {"If-Range", text}};
        const http::validators current{.tag = http::etag{"a"}, .last_modified = now};
        evaluate(http::method::get, request, current, now);
        range_counts(request, current, now);
    } catch (const std::invalid_argument&) {
    }
    return 0;
}
