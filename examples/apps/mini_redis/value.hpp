// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "seeded_hash.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace mini_redis {

using list = std::deque<std::string>;
using hash = string_map<std::string>;
using set = string_set;

/// What a key may hold. A string that INCR has counted in is kept as a number, which prints the same.
using value = std::variant<std::string, std::int64_t, list, hash, set>;

/// Makes `text` a copy of `fresh` in the memory that it has, unless that is much more than is needed now.
inline void replace_text(std::string& text, std::string_view fresh) {
    constexpr std::size_t keep_bytes = 4096;
    if (text.capacity() > keep_bytes && text.capacity() / 4 > fresh.size()) std::string().swap(text);
    text.assign(fresh);
}

/// Milliseconds, as the protocol counts; steady, because a deadline must not move when someone sets the clock.
using moment = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;
inline constexpr moment never = moment::max();

struct entry {
    value data;
    moment deadline = never;      ///< may be read freely; changed by the store alone
    std::size_t expiry_slot = 0;  ///< where the expiry queue keeps it, while deadline is not never
};

/// An entry and its key, at an address that stays as long as the key is there.
using item = std::pair<const std::string, entry>;

}  // namespace mini_redis
