// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

/// Reads all of `into` from an address of the program that is looked at; false if that cannot be.
using read_memory = std::function<bool(std::uint64_t address, std::span<std::byte> into)>;
