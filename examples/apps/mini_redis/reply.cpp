// SPDX-License-Identifier: Apache-2.0
#include "reply.hpp"

#include <algorithm>
#include <limits>

namespace mini_redis {

void reply::simple(std::string_view text) {
    char* to = room(text.size() + 3);
    *to = '+';
    end_ = put(to + 1, text);
    raw("\r\n");
}

void reply::bulk(std::string_view text) {
    char* to = put_number(room(number_bytes + text.size() + 2), '$', static_cast<std::int64_t>(text.size()));
    end_ = put(to, text);
    end_ = put(block_.get() + end_, "\r\n");
}

void reply::bulk(std::int64_t value) {
    char digits[number_bytes];
    const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    bulk(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

void reply::clear() noexcept {
    end_ = 0;
    if (capacity_ > keep_bytes) {
        block_.reset();
        capacity_ = 0;
    }
}

void reply::grow(std::size_t bytes, std::size_t limit) {
    if (end_ + bytes > limit) throw reply_too_large();
    const std::size_t wanted = std::max(end_ + bytes, std::min(limit, std::max(capacity_ * 2, std::size_t{1024})));
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (end_ != 0) std::memcpy(larger.get(), block_.get(), end_);
    block_ = std::move(larger);
    capacity_ = wanted;
}

// An error must always fit, not least the one that says that a reply did not.
void reply::begin_error(std::size_t bytes) {
    if (capacity_ - end_ < bytes) grow(bytes, std::numeric_limits<std::size_t>::max());
    block_[end_++] = '-';
}

void reply::end_error(std::size_t start) noexcept {
    std::replace_if(block_.get() + start, block_.get() + end_, [](char c) { return c == '\r' || c == '\n'; }, ' ');
    end_ = put(block_.get() + end_, "\r\n");
}

}  // namespace mini_redis
