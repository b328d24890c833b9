// SPDX-License-Identifier: Apache-2.0
#include "sync/tasks.hpp"

#include <weft/sync/bounded_semaphore.hpp>

#include <stdexcept>

namespace {

TEST(bounded_semaphore, never_has_more_permits_than_at_the_beginning) {
    const auto main = []() -> weft::task<> {
        weft::bounded_semaphore s(2);
        EXPECT_THROW(s.release(), weft::invalid_state_error);
        {
            const auto permit = co_await s.acquire();
            EXPECT_EQ(s.value(), 1);
        }
        EXPECT_EQ(s.value(), 2);
        EXPECT_THROW(s.release(), weft::invalid_state_error);
        EXPECT_EQ(s.value(), 2);
    };
    weft::testing::run(main());
}

TEST(bounded_semaphore, a_permit_that_somebody_gave_back_by_hand_is_not_given_back_twice) {
    const auto main = []() -> weft::task<> {
        weft::bounded_semaphore s;
        {
            const auto permit = co_await s.acquire();
            s.release();
        }
        EXPECT_EQ(s.value(), 1);
    };
    weft::testing::run(main());
}

TEST(bounded_semaphore, may_have_no_permits_at_all_but_not_less) {
    weft::bounded_semaphore none(0);
    EXPECT_TRUE(none.locked());
    EXPECT_THROW(none.release(), weft::invalid_state_error);
    EXPECT_THROW(weft::bounded_semaphore(-1), std::invalid_argument);
}

}  // namespace
