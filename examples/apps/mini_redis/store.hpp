// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "expiry.hpp"
#include "value.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace mini_redis {

/// The keys and what they hold. It has no clock: whoever owns it says what time it is. That is testable, and costs
/// one look at the clock per batch of commands. A key whose deadline has passed is gone for whoever asks.
class store {
public:
    /// @param seed  for the hash tables; any number that clients cannot guess
    explicit store(std::uint64_t seed = 0) : hasher_(seed), items_(0, hasher_) {}
    store(const store&) = delete;  // the expiry queue points into the table
    store& operator=(const store&) = delete;

    moment now() const noexcept { return now_; }
    void set_now(moment now) noexcept { now_ = now; }

    /// @return null if there is no such key (any more)
    item* find(std::string_view key) {
        const auto at = items_.find(key);
        if (at == items_.end()) return nullptr;
        if (at->second.deadline >= now_) [[likely]] {
            return &*at;
        }
        erase(*at);
        return nullptr;
    }

    /// Makes the key hold `data`, which must be a value of a type it may hold, for ever, whatever it held before.
    item& set(std::string_view key, value data);
    /// As set() with a string; the memory of a string that was there is used again.
    item& set_string(std::string_view key, std::string_view text);

    /// Gives the key a deadline; `never` takes it away.
    void expire_at(item& it, moment deadline) { expiry_.set(it, deadline); }

    void erase(item& it);
    bool erase(std::string_view key);
    void clear();

    /// How many keys there are; some may have expired without having been noticed.
    std::size_t size() const noexcept { return items_.size(); }
    std::size_t expiring() const noexcept { return expiry_.size(); }
    template <class Function>
    void for_each(Function f) {
        for (item& it : items_) {
            if (it.second.deadline >= now_) f(it);
        }
    }

    /// When the next key expires, or `never`.
    moment next_expiry() const noexcept { return expiry_.earliest(); }
    /// Removes expired keys, at most `most` of them: the rest can wait, other clients should not.
    /// @return how many it removed
    std::size_t remove_expired(std::size_t most);

    /// An empty value of type T, which hashes as this store does if it is a table.
    template <class T>
    T make_empty() const {
        if constexpr (requires { typename T::hasher; }) {
            return T(0, hasher_);
        } else {
            return T();
        }
    }

private:
    item& insert(std::string_view key, value data);

    moment now_{};
    seeded_hash hasher_;
    string_map<entry> items_;
    expiry_queue expiry_;  // exactly the items whose deadline is not never
};

}  // namespace mini_redis
