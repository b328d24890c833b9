// SPDX-License-Identifier: Apache-2.0
// Datagrams without memory: by UDP and by Unix sockets, with a kernel that is full at times.
#pragma once

#include "io/faulty_backend.hpp"
#include "net/datagrams.hpp"
#include "without_memory.hpp"

#include <cerrno>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <system_error>

namespace weft_test {

/// How often somebody was told that there is no memory.
struct refusals {
    bool may_lose_peer = false;  // to the want of memory at its end
    int count = 0;
    void note(const std::exception_ptr& error) {
        if (!error) return;
        ++count;
        try {
            std::rethrow_exception(error);
        } catch (const std::bad_alloc&) {
        } catch (const std::system_error& e) {
            const int code = e.code().value();
            const bool peer_is_lost = code == ECONNREFUSED || code == ENOTCONN || code == ECONNRESET;
            EXPECT_TRUE(code == ENOMEM || (may_lose_peer && peer_is_lost)) << e.what();
        } catch (const std::exception& e) {
            ADD_FAILURE() << e.what();
        }
    }
};

/// A path too long to be kept without an allocation.
inline std::string long_abstract_name(const char* whose) {
    return "@weft-test-out-of-memory-" + std::to_string(::getpid()) + "-" + whose;
}

/// Runs `main(full)` on the real clock; while `full` is positive it counts the sends that find that the kernel takes nothing.
template <class F>
auto run_with_full_kernel(F main) {
    auto faulty = std::make_unique<faulty_backend>(weft::make_backend());
    int full = 0;
    faulty->decide = [&full](weft::opcode code, weft::native_handle) {
        return code == weft::opcode::send_message && full > 0 && full-- > 0 ? fate{.error = EAGAIN} : fate();
    };
    weft::runner runner(std::make_unique<weft::event_loop>(std::move(faulty)), {.handle_sigint = false});
    return runner.run_and_close(weft::wait_for(main(full), std::chrono::seconds(10)));
}

}  // namespace weft_test
