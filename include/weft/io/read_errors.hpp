// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>

namespace weft::inline v0 {

/// The stream ended before what was asked for was complete. @see asyncio.IncompleteReadError
class incomplete_read_error : public std::runtime_error {
public:
    incomplete_read_error(std::string partial, std::optional<std::size_t> expected);

    /// What was read before the end.
    const std::string& partial() const noexcept { return partial_; }
    /// How many bytes were asked for; empty for a delimiter.
    std::optional<std::size_t> expected() const noexcept { return expected_; }

private:
    std::string partial_;
    std::optional<std::size_t> expected_;
};

/// The delimiter is not within the stream's limit. Nothing was consumed. @see asyncio.LimitOverrunError
class limit_overrun_error : public std::runtime_error {
public:
    limit_overrun_error(const std::string& what, std::size_t consumed)
        : std::runtime_error(what), consumed_(consumed) {}
    /// How many buffered bytes surely do not belong to a delimiter.
    std::size_t consumed() const noexcept { return consumed_; }

private:
    std::size_t consumed_;
};

}  // namespace weft::inline v0
