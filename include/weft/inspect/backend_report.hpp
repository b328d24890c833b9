// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace weft::inline v0 {

/// What a loop made here would run on, and why: what `weft doctor` says of backends.
struct backend_report {
    std::string asked_for;  ///< what WEFT_BACKEND names; empty if it does not
    std::string chosen;  ///< "io_uring" or "epoll"; empty: no loop can be made
    std::string why;  ///< in a clause

    bool has_io_uring = false;  ///< it works here, whatever is chosen
    int io_uring_error = 0;  ///< else the errno: ENOSYS, EPERM, EINVAL, …
    std::string io_uring_problem;  ///< and what that means
    /// What weft uses of it; empty where it does not work.
    struct part {
        std::string name;  ///< of an operation, feature or registration, as the kernel's headers have it
        std::string use;  ///< what for
        bool is_there = false;
    };
    std::vector<part> io_uring_parts;
};

/// Tries out what there is: makes a ring, and a backend as a loop would. @thread any
backend_report report_backends();

}  // namespace weft::inline v0
