// SPDX-License-Identifier: Apache-2.0
// No descriptors for a loop: a clear error, nothing is left, and the next one works.
#include "io/operations.hpp"

using namespace weft_test;

namespace {

TEST(event_loop, without_descriptors_says_so_and_leaves_nothing) {
    const auto descriptors = open_descriptors();
    std::size_t left = 0;
    for (bool made = false; !made && left < 10;) {
        try {
            const few_descriptors few(left);
            const weft::event_loop loop;
            made = true;
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::too_many_files_open) << e.what();
            ++left;
        }
        EXPECT_EQ(open_descriptors(), descriptors) << left;
        weft::run([]() -> weft::task<> { co_await weft::yield_now(); }());
    }
    EXPECT_EQ(left, 2u);
}

}  // namespace
