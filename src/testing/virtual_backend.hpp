// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "testing/backend_decorator.hpp"

#include <memory>
#include <set>

namespace weft::inline v0 {

/// A backend on a virtual clock: the kernel is real, time is not. The clock stands still while anything can happen; when
/// a poll of the kernel brings nothing and no external work is outstanding, it jumps to the deadline waited for.
///
/// External is what somebody outside this loop may complete: a descriptor polled for the program, a call on
/// another thread, a connection whose other end is not in this loop. While such work is outstanding time passes as in the world. A listening socket is not
/// external by itself: a program that tests its own server would never get to its timers.
class virtual_backend final : public backend_decorator {
public:
    explicit virtual_backend(std::unique_ptr<backend> real);

    void submit(operation& op) override;
    void close(native_handle fd) noexcept override;
    bool wait(nanos deadline) override;
    nanos now() const noexcept override { return now_; }
    bool has_virtual_clock() const noexcept override { return true; }

private:
    bool has_external_work() const;

    std::set<native_handle> sockets_;  // that operations were submitted for and that are open
    nanos now_ = 1'000'000'000;  // not 0: a time that is "unset" should not look like the start
};

}  // namespace weft::inline v0
