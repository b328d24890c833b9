// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/io/stream.hpp>

#include <cstddef>
#include <utility>

namespace weft::inline v0 {
namespace testing {

struct memory_stream_options {
    /// How many bytes are buffered for a reader, and how far a delimiter may be (see stream).
    std::size_t limit = 64 * 1024;
    /// How many bytes are under way in each direction while nobody receives them, as in the buffers of a socket. At least 1.
    std::size_t capacity = 64 * 1024;
};

/// Two streams of the running loop, connected to each other without the kernel: what one writes, the other reads.
///
///     auto [client, server] = weft::testing::memory_stream_pair();
///
/// They behave as a TCP connection does: half-close, back-pressure, an end for who goes on reading, a reset for who has not
/// read everything or is aborted.
/// @throws no_running_loop_error; std::invalid_argument  a capacity of 0
std::pair<stream, stream> memory_stream_pair(const memory_stream_options& options = {});

}  // namespace testing

using testing::memory_stream_pair;  // the contract leaves open which of the two names it has
}  // namespace weft::inline v0
