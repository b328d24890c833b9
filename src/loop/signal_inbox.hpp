// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"

#include <csignal>

#include <functional>
#include <map>

namespace weft::inline v0 {

/// A loop's signal handlers. The handler in the kernel's sense writes the signal's number into a pipe, which the loop
/// reads; the callbacks run on the loop's thread.
///
/// A signal handler has no argument of ours, so which pipe belongs to which signal has to be process-wide: a table of
/// descriptors, one per signal number. A signal belongs to one loop at a time.
class signal_inbox {
public:
    /// @throws std::system_error
    explicit signal_inbox(backend& b);
    signal_inbox(const signal_inbox&) = delete;
    signal_inbox& operator=(const signal_inbox&) = delete;
    ~signal_inbox();

    void add(int signal, std::function<void()> f);
    bool remove(int signal);
    /// Which registration is the present one of `signal`; 0 if there is none.
    std::uint64_t registration(int signal) const;

private:
    struct entry {
        std::function<void()> call;
        struct sigaction before;
        std::uint64_t registration;
    };
    struct own_operation : poll_operation {
        explicit own_operation(signal_inbox& s) noexcept : poll_operation(completed), owner(s) {}
        static void completed(operation& op, const completion&);
        signal_inbox& owner;
    };
    void read_pipe();

    backend& backend_;
    unique_fd read_end_, write_end_;
    own_operation operation_;
    std::map<int, entry> entries_;
    std::uint64_t registrations_ = 0;
};

}  // namespace weft::inline v0
