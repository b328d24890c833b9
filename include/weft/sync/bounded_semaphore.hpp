// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/sync/semaphore.hpp>

#include <cstddef>

namespace weft::inline v0 {

/// A semaphore that never has more permits than at the beginning: a release() too many is an invalid_state_error.
/// @see asyncio.BoundedSemaphore
class bounded_semaphore : public semaphore {
public:
    /// @param value  how many permits there are  @throws std::invalid_argument  it is negative
    explicit bounded_semaphore(std::ptrdiff_t value = 1) : semaphore(value, value) {}
};

}  // namespace weft::inline v0
