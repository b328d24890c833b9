// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/task.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

struct no_default {
    explicit no_default(int v) : value(v) {}
    int value;
};
struct alignas(16) sixteen {
    int value = 0;
};

weft::task<int> number(int i) { co_return i; }
weft::task<> nothing() { co_return; }
weft::task<int&> reference_to(int& i) { co_return i; }
weft::task<const std::string&> constant_reference_to(const std::string& s) { co_return s; }
weft::task<std::unique_ptr<int>> move_only(int i) { co_return std::make_unique<int>(i); }
weft::task<no_default> without_default(int i) { co_return no_default(i); }
weft::task<sixteen> aligned(int i) { co_return sixteen{i}; }
weft::task<std::string> converted() { co_return "a literal"; }
weft::task<int> failing(std::string what) {
    throw std::runtime_error(what);
    co_return 0;
}

// What the body of a test awaits runs by hand: no loop is needed.
template <class T>
auto by_hand(weft::task<T> t) {
    auto result = t.step();
    EXPECT_TRUE(result.has_value()) << "it suspended";
    return std::move(result);
}

TEST(task, gives_every_kind_of_result) {
    const auto body = []() -> weft::task<> {
        EXPECT_EQ(co_await number(3), 3);
        co_await nothing();
        int i = 1;
        int& same = co_await reference_to(i);
        EXPECT_EQ(&same, &i);
        const std::string s = "s";
        EXPECT_EQ(&co_await constant_reference_to(s), &s);
        EXPECT_EQ(*co_await move_only(5), 5);
        EXPECT_EQ((co_await without_default(6)).value, 6);
        EXPECT_EQ((co_await aligned(7)).value, 7);
        EXPECT_EQ(co_await converted(), "a literal");
    };
    by_hand(body());
}

TEST(task, is_awaited_from_a_variable_by_moving_it) {
    const auto body = []() -> weft::task<int> {
        auto t = number(4);
        const int result = co_await std::move(t);
        EXPECT_FALSE(t);  // NOLINT(bugprone-use-after-move): what is promised
        co_return result;
    };
    EXPECT_EQ(by_hand(body()), 4);
}

TEST(task, is_lazy) {
    bool ran = false;
    const auto body = [](bool& r) -> weft::task<> {
        r = true;
        co_return;
    };
    {
        auto t = body(ran);
        EXPECT_FALSE(ran);
        EXPECT_EQ(t.state(), weft::coroutine_state::created);
    }
    EXPECT_FALSE(ran);
}

TEST(task, that_never_ran_destroys_its_parameters_once) {
    const auto shared = std::make_shared<int>(1);
    const auto body = [](std::shared_ptr<int>) -> weft::task<> { co_return; };
    {
        const auto t = body(shared);
        EXPECT_EQ(shared.use_count(), 2);
    }
    EXPECT_EQ(shared.use_count(), 1);
}

TEST(task, a_move_assignment_destroys_what_was_there) {
    const auto shared = std::make_shared<int>(1);
    const auto body = [](std::shared_ptr<int> p) -> weft::task<int> { co_return *p; };
    auto t = body(shared);
    t = number(8);
    EXPECT_EQ(shared.use_count(), 1);
    weft::task<int>& same = t;
    t = std::move(same);
    EXPECT_EQ(by_hand(std::move(t)), 8);
    EXPECT_FALSE(static_cast<bool>(weft::task<int>()));
}

TEST(task, an_exception_passes_through_every_await) {
    const auto middle = []() -> weft::task<int> { co_return 1 + co_await failing("from the bottom"); };
    const auto outer = [&]() -> weft::task<std::string> {
        try {
            co_await middle();
        } catch (const std::runtime_error& e) {
            co_return e.what();
        }
        co_return "nothing came";
    };
    EXPECT_EQ(by_hand(outer()), "from the bottom");
}

TEST(task, what_is_no_std_exception_passes_as_well) {
    const auto body = []() -> weft::task<> {
        throw 42;
        co_return;
    };
    EXPECT_THROW((void)body().step(), int);
}

TEST(task, goes_on_after_a_failed_await) {
    const auto body = []() -> weft::task<int> {
        int failures = 0;
        for (int i = 0; i < 1000; ++i) {
            try {
                co_await failing("again");
            } catch (const std::runtime_error&) {
                ++failures;
            }
        }
        co_return failures;
    };
    EXPECT_EQ(by_hand(body()), 1000);
}

TEST(task, a_result_whose_move_throws_fails_the_await) {
    struct angry {
        angry() = default;
        angry(angry&& o) : moves(o.moves + 1) {
            if (moves > 1) throw std::runtime_error("moved once too often");
        }
        int moves = 0;
    };
    const auto body = []() -> weft::task<angry> { co_return angry(); };
    const auto outer = [&]() -> weft::task<bool> {
        try {
            (void)co_await body();
        } catch (const std::runtime_error&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_EQ(by_hand(outer()), true);
}

TEST(task, is_awaited_once) {
    const auto body = []() -> weft::task<> {
        auto t = number(1);
        co_await std::move(t);
        co_await std::move(t);  // NOLINT(bugprone-use-after-move): the mistake
    };
    try {
        (void)body().step();
        FAIL();
    } catch (const weft::invalid_state_error& e) {
        EXPECT_STREQ(e.what(), "cannot reuse already awaited coroutine");
    }
}

TEST(task, that_was_stepped_cannot_be_awaited_or_scheduled) {
    const auto once = []() -> weft::task<int> {
        co_await std::suspend_always();
        co_return 1;
    };
    const auto awaits = [](weft::task<int> t) -> weft::task<int> { co_return co_await std::move(t); };
    auto suspended = once();
    (void)suspended.step();
    EXPECT_THROW((void)awaits(std::move(suspended)).step(), weft::invalid_state_error);
    auto finished = number(1);
    (void)finished.step();
    EXPECT_THROW((void)awaits(std::move(finished)).step(), weft::invalid_state_error);

    auto scheduled = once();
    (void)scheduled.step();
    weft::event_loop loop;
    EXPECT_THROW((void)loop.run_until_complete(std::move(scheduled)), weft::invalid_state_error);
    auto done = number(1);
    (void)done.step();
    EXPECT_THROW((void)loop.run_until_complete(std::move(done)), weft::invalid_state_error);
}

TEST(task, ten_million_sequential_awaits) {
    const auto body = []() -> weft::task<std::int64_t> {
        std::int64_t sum = 0;
        for (int i = 0; i < 10'000'000; ++i) sum += co_await number(1);
        co_return sum;
    };
    EXPECT_EQ(by_hand(body()), 10'000'000);
}

struct looks_at_its_task {
    weft::task<>& known;
    bool& found_closed;
    ~looks_at_its_task() {
        found_closed = !known && known.state() == weft::coroutine_state::closed;
        EXPECT_THROW(known.step(), weft::invalid_state_error);
    }
};

TEST(task, while_it_is_destroyed_it_has_no_body_any_more) {
    const auto body = [](weft::task<>& self, bool& found) -> weft::task<> {
        const looks_at_its_task l(self, found);
        co_await std::suspend_always();
    };
    bool found = false;
    {
        weft::task<> t;
        t = body(t, found);
        EXPECT_FALSE(t.step());
    }
    EXPECT_TRUE(found);
    found = false;
    weft::task<> t;
    t = body(t, found);
    EXPECT_FALSE(t.step());
    t = {};
    EXPECT_TRUE(found);
}

}  // namespace
