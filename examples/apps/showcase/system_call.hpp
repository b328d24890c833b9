// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <system_error>

namespace showcase {

/// What a system call gave, or its error as an exception.
template <class Result>
Result check(Result result) {
    if (result < 0) throw std::system_error(errno, std::generic_category());
    return result;
}

/// The same of a call that waits, made again when it is interrupted: the kernel does that itself, but not for calls that have
/// a timeout. (A thread that has run a loop on io_uring is interrupted when the ring is taken down, a little after its end.)
template <class Call>
auto wait_in(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return check(result);
}

}  // namespace showcase
