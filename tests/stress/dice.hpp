// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace stress {

/// Pseudo-random numbers that a seed determines, on every machine the same: splitmix64.
class dice {
public:
    explicit dice(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    /// 0 .. n - 1
    std::size_t roll(std::size_t n) noexcept { return static_cast<std::size_t>(next() % n); }
    bool one_in(std::size_t n) noexcept { return roll(n) == 0; }

    template <class Container>
    void shuffle(Container& c) noexcept {
        for (std::size_t i = c.size(); i > 1; --i) std::swap(c[i - 1], c[roll(i)]);
    }

private:
    std::uint64_t state_;
};

}  // namespace stress
