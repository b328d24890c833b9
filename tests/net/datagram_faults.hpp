// SPDX-License-Identifier: Apache-2.0
// Operations of datagram sockets that fail when a test wants them to.
#pragma once

#include "io/faulty_backend.hpp"
#include "io/operations.hpp"
#include "testing/virtual_backend.hpp"

#include <memory>

namespace weft_test {

/// What is to befall the next operations of one kind.
struct planned_fault {
    weft::opcode code = weft::opcode::receive_message;
    fate what = {};
    int times = 0;  ///< how many of them; all others are carried out
};

/// What the kernel may say of a datagram, besides that it is to be tried again.
constexpr int datagram_errnos[] = {ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENETDOWN, EMSGSIZE, EACCES,
                                   EPERM,        ENOBUFS,      ENOMEM,      EINVAL,   EIO,      ECONNRESET};

/// Runs `main(plan)` on a virtual clock: no descriptor is left, and nothing unheard of.
template <class F>
void run_with_plan(F main) {
    const auto before = open_descriptors();
    {
        auto faulty = std::make_unique<faulty_backend>(weft::make_backend());
        planned_fault plan;
        faulty->decide = [&plan](weft::opcode code, weft::native_handle) {
            if (code != plan.code || plan.times == 0) return fate();
            --plan.times;
            return plan.what;
        };
        auto loop = std::make_unique<weft::event_loop>(std::make_unique<weft::virtual_backend>(std::move(faulty)));
        weft::runner(std::move(loop), {.handle_sigint = false}).run_and_close(main(plan));
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace weft_test
