// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace mini_redis {

/// Hashes text by multiplying and folding, in the manner of wyhash. The seed differs from run to run, because keys come
/// from strangers: with std::hash, whose seed is known, they could choose keys that all fall into one bucket.
class seeded_hash {
public:
    using is_transparent = void;

    explicit seeded_hash(std::uint64_t seed = 0) noexcept : seed_(seed) {}

    // Not noexcept, on purpose: libstdc++ then keeps each node's hash, which saves comparing keys on lookup and
    // hashing them again when the table grows.
    std::size_t operator()(std::string_view text) const {
        const char* at = text.data();
        std::size_t left = text.size();
        std::uint64_t hash = seed_ ^ (left * first);
        for (; left > 16; at += 16, left -= 16) hash = fold(load(at, 8) ^ hash, load(at + 8, 8) ^ second);
        const std::uint64_t low = load(at, left < 8 ? left : 8);
        const std::uint64_t high = left > 8 ? load(at + 8, left - 8) : 0;
        return fold(fold(low ^ hash, high ^ second), first ^ seed_);
    }

    std::uint64_t seed() const noexcept { return seed_; }

private:
    static constexpr std::uint64_t first = 0xa0761d6478bd642f, second = 0xe7037ed1a0b428db;

    static std::uint64_t load(const char* from, std::size_t bytes) noexcept {
        std::uint64_t word = 0;
        if (bytes != 0) std::memcpy(&word, from, bytes);
        return word;
    }
    static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
        __extension__ using wide = unsigned __int128;
        const wide product = static_cast<wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::uint64_t seed_;
};

template <class T>
using string_map = std::unordered_map<std::string, T, seeded_hash, std::equal_to<>>;
using string_set = std::unordered_set<std::string, seeded_hash, std::equal_to<>>;

}  // namespace mini_redis
