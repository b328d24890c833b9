// SPDX-License-Identifier: Apache-2.0
// Every allocation of a start fails once: there is an error, and no child, or a child that is watched.
#include "process/children.hpp"
#include "without_memory.hpp"

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

TEST(spawn, out_of_memory_at_each_allocation_is_an_error_and_leaves_nothing) {
    run_with_children([]() -> weft::task<> {
        int refused = 0;
        for (bool worked = false; !worked; ++refused) {
            const auto open = open_descriptors();
            weft::process_options options{.stdin_ = weft::pipe, .stdout_ = weft::pipe, .extra_env = {{"A", "b"}}};
            std::vector<std::string> argv{"cat"};
            weft::process p;
            std::exception_ptr error;
            failing_allocation = allocations.load() + static_cast<std::size_t>(refused);
            try {
                p = co_await weft::spawn_process(std::move(argv), std::move(options));
            } catch (...) {
                error = std::current_exception();
            }
            worked = failing_allocation.exchange(no_allocation) != no_allocation;
            expect_want_of_memory(error);
            for (int i = 0; i < 3; ++i) co_await weft::yield_now();
            if (p) {
                try {
                    EXPECT_EQ((co_await p.communicate("through")).out, "through");
                } catch (...) {  // a pipe has not begun to receive
                    EXPECT_FALSE(worked);
                    error = std::current_exception();
                }
                expect_want_of_memory(error);
                p.stdin_.abort();
                co_await p.wait();
            } else {
                EXPECT_EQ(open_descriptors(), open) << refused;
                EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << refused;
            }
        }
        EXPECT_GT(refused, 10);
    });
}

#endif

}  // namespace
