// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <cstddef>
#include <span>

namespace weft::inline v0 {

/// Writes what a non-blocking pipe takes. A pipe that nobody reads any more is EPIPE, and no SIGPIPE: send(2) has a flag for
/// that, write(2) none before Linux 6.18, so that the signal is blocked meanwhile and taken back.
/// @return a count, or -errno
std::ptrdiff_t write_to_pipe(native_handle fd, std::span<const std::byte> bytes) noexcept;

}  // namespace weft::inline v0
