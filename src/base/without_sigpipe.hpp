// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <csignal>
#include <cstddef>
#include <span>

namespace weft::inline v0 {

/// While it lives, writing on this thread to what nobody reads any more is EPIPE and no SIGPIPE. send(2) has a flag for that;
/// write(2) has none before Linux 6.18, sendfile(2) none, so that the signal is blocked and taken back.
/// Three system calls, one more where it was raised.
class without_sigpipe {
public:
    without_sigpipe() noexcept;
    without_sigpipe(const without_sigpipe&) = delete;
    without_sigpipe& operator=(const without_sigpipe&) = delete;
    ~without_sigpipe();

private:
    sigset_t before_;
    bool was_pending_;
};

/// write(2), as far as a non-blocking pipe takes it, without SIGPIPE. @return a count, or -errno
std::ptrdiff_t write_to_pipe(native_handle fd, std::span<const std::byte> bytes) noexcept;

}  // namespace weft::inline v0
