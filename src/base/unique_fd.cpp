// SPDX-License-Identifier: Apache-2.0
#include <weft/base/unique_fd.hpp>

#include <unistd.h>

namespace weft::inline v0 {

void unique_fd::reset(native_handle fd) noexcept {
    // EINTR from close() on Linux means that the descriptor is gone all the same: never retried.
    if (const native_handle old = std::exchange(fd_, fd); old >= 0) ::close(old);
}

}  // namespace weft::inline v0
