// SPDX-License-Identifier: Apache-2.0
#include "request_parser.hpp"

#include "text.hpp"

#include <algorithm>
#include <cstring>

namespace mini_redis {

using enum request_parser::status;

namespace {

// The number at `position` if it is a plain one and its line is whole, which is nearly always; else -1. Stops at eight
// digits: the caller looks more closely at anything longer.
std::int64_t plain_number(std::string_view input, std::size_t& position) noexcept {
    const std::size_t end = std::min(input.size(), position + 9);
    std::int64_t value = 0;
    std::size_t at = position;
    for (; at < end && input[at] >= '0' && input[at] <= '9'; ++at) value = value * 10 + (input[at] - '0');
    if (at == position || at + 1 >= input.size() || input[at] != '\r') return -1;
    if (input[position] == '0' && at != position + 1) return -1;
    position = at + 2;
    return value;
}

}  // namespace

request_parser::status request_parser::parse(std::string_view input) {
    if (state_ == state::done) reset();
    if (state_ == state::failed) return failed;
    if (state_ == state::start) {
        if (input.empty()) return wait_for(1);
        if (input[0] != '*') return parse_inline(input);
        std::size_t at = 1;
        std::int64_t count = plain_number(input, at);
        if (count < 0) {
            std::string_view digits;
            const status line = read_length(input, "too big mbulk count string", digits);
            if (line != complete) return line;
            const auto number = parse_integer(digits.substr(1));
            if (!number) return fail("invalid multibulk length");
            count = std::max<std::int64_t>(*number, 0);
            at = position_;
        }
        if (count > max_arguments) return fail("invalid multibulk length");
        position_ = at;
        remaining_ = count;
        state_ = state::arguments;
    }
    return parse_arguments(input);
}

request_parser::status request_parser::parse_arguments(std::string_view input) {
    for (; remaining_ > 0; --remaining_) {
        std::size_t at = position_ + 1;
        std::int64_t size = position_ < input.size() && input[position_] == '$' ? plain_number(input, at) : -1;
        if (size < 0) {
            const std::size_t start = position_;
            std::string_view digits;
            const status line = read_length(input, "too big bulk count string", digits);
            if (line != complete) return line;
            at = position_;
            position_ = start;
            if (digits[0] != '$') {
                const char got[] = {digits[0] < ' ' ? ' ' : digits[0], '\''};
                return fail("expected '$', got '" + std::string(got, 2));
            }
            const auto number = parse_integer(digits.substr(1));
            size = number.value_or(-1);
        }
        if (size < 0 || size > static_cast<std::int64_t>(max_bulk_bytes)) return fail("invalid bulk length");
        const std::size_t end = at + static_cast<std::size_t>(size) + 2;
        if (end > input.size()) return wait_for(end);
        pieces_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size)});
        position_ = end;
        searched_ = end;
    }
    base_ = input.data();
    state_ = state::done;
    return complete;
}

// Reads the line at position_ with a marker and a number, and steps over it. `digits` includes the marker.
request_parser::status request_parser::read_length(std::string_view input, std::string_view too_long,
                                                   std::string_view& digits) {
    searched_ = std::max(searched_, position_);
    const std::size_t end = input.find('\r', searched_);
    if (end == std::string_view::npos) {
        searched_ = input.size();
        if (input.size() - position_ > max_line_bytes) return fail(too_long);
        return wait_for(input.size() + 1);
    }
    if (end + 1 >= input.size()) return wait_for(end + 2);
    digits = input.substr(position_, std::max<std::size_t>(end - position_, 1));
    position_ = end + 2;
    return complete;
}

request_parser::status request_parser::wait_for(std::size_t bytes) {
    if (bytes > limit_) return fail("request is larger than " + std::to_string(limit_) + " bytes");
    needed_ = bytes;
    return incomplete;
}

request_parser::status request_parser::fail(std::string_view why) {
    error_ = why;
    state_ = state::failed;
    return failed;
}

void request_parser::reset() noexcept {
    constexpr std::size_t keep_pieces = 1024;
    state_ = state::start;
    position_ = searched_ = 0;
    pieces_.clear();
    if (pieces_.capacity() > keep_pieces) pieces_.shrink_to_fit();
}

}  // namespace mini_redis
