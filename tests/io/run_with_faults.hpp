// SPDX-License-Identifier: Apache-2.0
// A program on a backend that fails on purpose.
#pragma once

#include "io/faulty_backend.hpp"
#include "io/operations.hpp"
#include "testing/virtual_backend.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace weft_test {

/// Runs `main(faults)` on a virtual clock, and looks for descriptors that it leaves behind.
/// @param report  is given what nobody else was told of
template <class F>
void run_with_faults(F main, std::function<void(const std::exception_ptr&)> report = nullptr) {
    const auto before = open_descriptors();
    try {
        auto faulty = std::make_unique<faulty_backend>(weft::make_backend());
        faulty_backend& faults = *faulty;
        auto loop = std::make_unique<weft::event_loop>(std::make_unique<weft::virtual_backend>(std::move(faulty)));
        if (report) {
            loop->set_exception_handler([&](weft::event_loop&, const weft::error_context& c) { report(c.exception); });
        }
        weft::runner(std::move(loop), {.handle_sigint = false}).run_and_close(main(faults));
    } catch (const std::exception& e) {
        ADD_FAILURE() << e.what();
    }
    // A thread of the loop's pool may be about to let go of its last call.
    for (int i = 0; i < 10'000 && open_descriptors() != before; ++i) std::this_thread::yield();
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace weft_test
