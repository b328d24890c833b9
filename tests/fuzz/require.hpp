// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace weft_fuzz {

/// Stops the program with a report where a property does not hold; libFuzzer then writes the input down.
inline void require(bool holds, const char* property) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", property);
    std::abort();
}

/// Portions to cut an input into: drawn from the input itself, so that what was found can be found again.
class portions {
public:
    explicit portions(std::string_view input) noexcept {
        for (const char c : input) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        mask_ = (std::size_t{1} << (state_ >> 60)) - 1;
    }
    /// At least one byte.
    std::size_t next() noexcept {
        state_ = state_ * 6364136223846793005 + 1442695040888963407;
        return 1 + ((state_ >> 33) & mask_);
    }

private:
    std::uint64_t state_ = 0xcbf29ce484222325;
    std::size_t mask_;
};

}  // namespace weft_fuzz
