// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace weft::inline v0 {

/// Knows whether the process has forked since this was made, for the price of one load: a page that the kernel gives a
/// child as zeroes. (Comparing process ids would cost a system call in every turn of the loop.)
class fork_guard {
public:
    /// @throws std::system_error
    fork_guard();
    fork_guard(const fork_guard&) = delete;
    fork_guard& operator=(const fork_guard&) = delete;
    ~fork_guard();

    bool in_child() const noexcept { return *mark_ == 0; }

private:
    volatile char* mark_;
};

}  // namespace weft::inline v0
