// SPDX-License-Identifier: Apache-2.0
#include "live_object.hpp"

#include <weft/coro/yielded_value.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using weft::next_result;
using weft::yielded_value;

TEST(yielded_value, what_next_gives_is_an_optional_and_for_references_a_pointer) {
    static_assert(std::is_same_v<next_result<int>, std::optional<int>>);
    static_assert(std::is_same_v<next_result<int&>, int*>);
    static_assert(std::is_same_v<next_result<const int&>, const int*>);
    static_assert(std::is_same_v<next_result<int&&>, int*>);
    EXPECT_EQ(yielded_value<int>::nothing(), std::nullopt);
    EXPECT_EQ(yielded_value<int&>::nothing(), nullptr);
}

TEST(yielded_value, makes_no_object_before_one_is_put_and_none_goes_before_it_is_dropped) {
    live_object::reset();
    {
        yielded_value<live_object> place;
        EXPECT_EQ(live_object::count, 0);
        for (int i = 0; i < 2; ++i) {
            place.put(live_object(i));
            EXPECT_EQ(live_object::count, 1);
            EXPECT_EQ(place.get().value, i);
            place.drop();
            EXPECT_EQ(live_object::count, 0);
        }
    }
    EXPECT_EQ(live_object::copies, 0);
}

TEST(yielded_value, takes_by_moving_and_what_is_left_is_still_to_be_dropped) {
    live_object::reset();
    {
        yielded_value<live_object> place;
        place.put(live_object(7));
        const auto taken = place.take();
        EXPECT_EQ(taken->value, 7);
        EXPECT_EQ(live_object::count, 2);
        place.drop();
        EXPECT_EQ(live_object::count, 1);
    }
    EXPECT_EQ(live_object::count, 0);
    EXPECT_EQ(live_object::copies, 0);
}

TEST(yielded_value, an_object_whose_making_fails_is_not_there) {
    live_object::reset();
    yielded_value<live_object> place;
    const live_object original(1);
    live_object::copies_until_failure = 0;
    EXPECT_THROW(place.put(original), std::runtime_error);
    EXPECT_EQ(live_object::count, 1);
}

TEST(yielded_value, is_made_in_place_from_what_converts_and_may_be_move_only) {
    yielded_value<std::string> text;
    text.put("made in place");
    EXPECT_EQ(text.take(), "made in place");
    text.drop();
    yielded_value<std::unique_ptr<int>> owner;
    owner.put(std::make_unique<int>(7));
    const auto taken = owner.take();
    owner.drop();
    EXPECT_EQ(**taken, 7);
}

TEST(yielded_value, a_reference_is_the_object_itself) {
    int object = 7;
    yielded_value<int&> place;
    place.put(object);
    EXPECT_EQ(&place.get(), &object);
    EXPECT_EQ(place.take(), &object);
    place.drop();
    EXPECT_EQ(object, 7);

    auto owner = std::make_unique<int>(7);
    yielded_value<std::unique_ptr<int>&&> to_move;
    to_move.put(std::move(owner));
    const std::unique_ptr<int> moved = to_move.get();
    EXPECT_EQ(owner, nullptr);
    EXPECT_EQ(*moved, 7);
}

}  // namespace
