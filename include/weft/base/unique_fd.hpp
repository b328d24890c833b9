// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace weft::inline v0 {

/// What the operating system calls a descriptor.
using native_handle = int;

/// Owns one descriptor and closes it. Not thread-safe; movable between threads.
class unique_fd {
public:
    unique_fd() noexcept = default;
    explicit unique_fd(native_handle fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    ~unique_fd() { reset(); }

    native_handle get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Gives the descriptor away; the caller closes it.
    [[nodiscard]] native_handle release() noexcept { return std::exchange(fd_, -1); }

    /// Closes the present descriptor, if any, and takes `fd`.
    void reset(native_handle fd = -1) noexcept;

private:
    native_handle fd_ = -1;
};

}  // namespace weft::inline v0
