// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine.hpp"

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

namespace mini_redis {

/// What the command line chose.
struct options {
    std::string bind = "127.0.0.1";
    std::uint16_t port = 6380;
    limits bounds;
    bool help = false;
};

/// The arguments make no sense; what() says which and why.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// @throws usage_error
options parse_options(std::span<const char* const> arguments);
const char* usage() noexcept;

}  // namespace mini_redis
