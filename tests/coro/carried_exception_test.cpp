// SPDX-License-Identifier: Apache-2.0
#include "live_object.hpp"

#include <weft/coro/carried_exception.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <type_traits>
#include <utility>

namespace {

using weft::carried_exception;

class carried_exceptions : public ::testing::Test {
protected:
    carried_exceptions() { live_object::reset(); }
    ~carried_exceptions() override { EXPECT_EQ(live_object::count, 0) << "an exception was leaked or went twice"; }
};

TEST_F(carried_exceptions, one_that_is_empty_carries_nothing) {
    carried_exception none;
    EXPECT_FALSE(none);
    EXPECT_FALSE(none.take());
    EXPECT_FALSE(carried_exception(nullptr));
    EXPECT_FALSE(carried_exception::current()) << "none is being handled";
}

TEST_F(carried_exceptions, gives_back_the_very_exception_once) {
    const auto error = std::make_exception_ptr(live_object(7));
    carried_exception carried(error);
    EXPECT_TRUE(carried);
    EXPECT_EQ(carried.take(), error);
    EXPECT_FALSE(carried);
    EXPECT_FALSE(carried.take());
}

TEST_F(carried_exceptions, keeps_the_exception_alive_when_nobody_else_does) {
    carried_exception carried(std::make_exception_ptr(live_object(7)));
    EXPECT_EQ(live_object::count, 1);
    EXPECT_TRUE(carried.take());
    EXPECT_EQ(live_object::count, 0);
}

TEST_F(carried_exceptions, takes_the_one_that_is_being_handled_beyond_its_handler) {
    carried_exception carried;
    try {
        throw live_object(7);
    } catch (...) {
        carried = carried_exception::current();
    }
    EXPECT_EQ(live_object::count, 1);
    try {
        carried_exception::rethrow(std::exchange(carried, carried_exception()));
    } catch (const live_object& object) {
        EXPECT_EQ(object.value, 7);
    }
    EXPECT_FALSE(carried);
}

TEST_F(carried_exceptions, is_as_small_as_a_pointer) {
    static_assert(sizeof(carried_exception) == sizeof(void*));
    static_assert(std::is_trivially_destructible_v<carried_exception>);
}

}  // namespace
