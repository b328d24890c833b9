// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/generator.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showcase {

/// A generator that a visitor steps: it yields numbers, may be sent some, and returns one. next() sends nothing.
using steppable = weft::generator<std::int64_t, std::optional<std::int64_t>, std::int64_t>;

/// What a generator says aloud while it runs.
using notes = std::vector<std::string>;

struct kind_of_generator {
    std::string_view name, says;
    steppable (*begin)(notes&);
};

extern const kind_of_generator kinds_of_generator[4];

}  // namespace showcase
