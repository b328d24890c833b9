// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

// A generator by itself: what it yields and returns, where it stands, who may resume it.

namespace {

using weft::generator;
using weft::generator_state;

static_assert(!std::copy_constructible<generator<int>> && !std::is_copy_assignable_v<generator<int>>);
static_assert(std::is_nothrow_move_constructible_v<generator<int>> &&
              std::is_nothrow_move_assignable_v<generator<int>>);
static_assert(std::default_initializable<generator<int>>);

generator<int> count(int n) {
    for (int i = 0; i < n; ++i) co_yield i;
}

// What it yields

TEST(generator, yields_one_element_for_each_next_and_then_nothing_for_ever) {
    auto g = count(2);
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.next(), 1);
    EXPECT_FALSE(g.next());
    EXPECT_FALSE(g.next());
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(generator, that_returns_at_once_yields_nothing) {
    auto g = count(0);
    EXPECT_FALSE(g.next());
    EXPECT_TRUE(g.done());
}

TEST(generator, goes_on_after_a_co_return_no_more) {
    const auto body = []() -> generator<int> {
        co_yield 1;
        co_return;
        co_yield 2;
    };
    auto g = body();
    EXPECT_EQ(g.next(), 1);
    EXPECT_FALSE(g.next());
    EXPECT_FALSE(g.next());
}

TEST(generator, yields_references_as_pointers_to_the_object) {
    int n = 1;
    const auto body = [](int& i) -> generator<int&> {
        co_yield i;
        ++i;
        co_yield i;
    };
    auto g = body(n);
    int* const first = g.next();
    EXPECT_EQ(first, &n);
    *first = 10;
    EXPECT_EQ(g.next(), &n);
    EXPECT_EQ(n, 11);
    EXPECT_EQ(g.next(), nullptr);
    EXPECT_EQ(g.next(), nullptr);
}

TEST(generator, yields_constant_references_to_objects_and_to_temporaries) {
    const std::string named = "named";
    const auto body = [](const std::string& s) -> generator<const std::string&> {
        co_yield s;
        co_yield std::string("a temporary that lives until the generator goes on");
        co_yield "made from a literal, and as long-lived as that";
        co_yield {'x', 'x', 'x'};
    };
    auto g = body(named);
    EXPECT_EQ(g.next(), &named);
    EXPECT_EQ(*g.next(), "a temporary that lives until the generator goes on");
    EXPECT_EQ(*g.next(), "made from a literal, and as long-lived as that");
    EXPECT_EQ(*g.next(), "xxx");
    EXPECT_EQ(g.next(), nullptr);
}

TEST(generator, yields_rvalue_references_to_be_moved_from) {
    std::string kept = "the first string, too long for the small buffer";
    const auto body = [](std::string& s) -> generator<std::string&&> {
        co_yield std::move(s);
        co_yield std::string("the second string");
    };
    auto g = body(kept);
    std::string* const first = g.next();
    EXPECT_EQ(first, &kept);
    const std::string taken = std::move(*first);
    EXPECT_EQ(taken, "the first string, too long for the small buffer");
    EXPECT_EQ(*g.next(), "the second string");

    auto again = body(kept = "once more");
    for (std::string&& s : again) EXPECT_FALSE(std::string(std::move(s)).empty());
}

TEST(generator, yields_move_only_values) {
    const auto body = []() -> generator<std::unique_ptr<int>> {
        auto named = std::make_unique<int>(1);
        co_yield std::move(named);
        EXPECT_FALSE(named);  // NOLINT(bugprone-use-after-move): what is promised
        co_yield std::make_unique<int>(2);
        co_yield nullptr;
    };
    auto g = body();
    EXPECT_EQ(**g.next(), 1);
    EXPECT_EQ(**g.next(), 2);
    EXPECT_EQ(*g.next(), nullptr);
    EXPECT_FALSE(g.next());
}

TEST(generator, yields_values_without_a_default_constructor) {
    struct no_default {
        explicit no_default(int v) : value(v) {}
        int value;
    };
    const auto body = []() -> generator<no_default> {
        const no_default named(1);
        co_yield named;
        co_yield no_default(2);
    };
    auto g = body();
    EXPECT_EQ(g.next()->value, 1);
    EXPECT_EQ(g.next()->value, 2);
    EXPECT_FALSE(g.next());
}

TEST(generator, yields_what_braces_make) {
    const auto body = []() -> generator<std::pair<std::string, int>> {
        co_yield {"one", 1};
        co_yield {};
    };
    auto g = body();
    EXPECT_EQ(g.next(), std::pair(std::string("one"), 1));
    EXPECT_EQ(g.next(), std::pair(std::string(), 0));
    EXPECT_FALSE(g.next());
}

TEST(generator, converts_what_it_yields) {
    const auto strings = []() -> generator<std::string> {
        co_yield "a literal";
        const std::string named = "a copy";
        co_yield named;
        EXPECT_EQ(named, "a copy");
    };
    auto s = strings();
    EXPECT_EQ(s.next(), "a literal");
    EXPECT_EQ(s.next(), "a copy");
    EXPECT_FALSE(s.next());

    const auto pointers = []() -> generator<std::shared_ptr<const int>> { co_yield std::make_unique<int>(7); };
    EXPECT_EQ(**pointers().next(), 7);
}

TEST(generator, tells_an_empty_element_from_the_end) {
    const auto body = []() -> generator<std::optional<int>> {
        co_yield std::nullopt;
        co_yield 1;
    };
    auto g = body();
    const auto first = g.next();
    ASSERT_TRUE(first.has_value());
    EXPECT_FALSE(first->has_value());
    EXPECT_EQ(g.next().value(), 1);
    EXPECT_FALSE(g.next().has_value());
}

TEST(generator, may_be_recursive) {
    struct walk {
        static generator<int> down(int n) {
            co_yield n;
            if (n == 0) co_return;
            for (const int i : down(n - 1)) co_yield i;
            co_yield n;
        }
    };
    std::vector<int> all;
    for (const int i : walk::down(2)) all.push_back(i);
    EXPECT_EQ(all, (std::vector{2, 1, 0, 1, 2}));
}

TEST(generator, of_a_lambda_keeps_its_captures_with_an_explicit_object_parameter) {
    auto g = [text = std::string("kept in the frame, not in the lambda that is gone")](
                 this auto) -> generator<std::string_view> { co_yield text; }();
    EXPECT_EQ(g.next(), "kept in the frame, not in the lambda that is gone");
}

TEST(generator, keeps_its_parameters) {
    const auto body = [](std::string text, std::unique_ptr<int> number) -> generator<std::string> {
        co_yield text + std::to_string(*number);
    };
    auto g = body("a temporary long enough to be on the heap, number ", std::make_unique<int>(5));
    EXPECT_EQ(g.next(), "a temporary long enough to be on the heap, number 5");
}

// Where it stands

TEST(generator, is_lazy) {
    bool ran = false;
    const auto body = [](bool& r) -> generator<int> {
        r = true;
        co_yield 1;
    };
    {
        auto g = body(ran);
        EXPECT_EQ(g.state(), generator_state::created);
        EXPECT_FALSE(g.done());
        EXPECT_FALSE(ran);
    }
    EXPECT_FALSE(ran);
}

TEST(generator, says_where_it_stands) {
    const generator<int>* self = nullptr;
    const auto body = [](const generator<int>*& me) -> generator<int> {
        EXPECT_EQ(me->state(), generator_state::running);
        EXPECT_TRUE(me->running());
        EXPECT_FALSE(me->done());
        EXPECT_FALSE(me->delegating());
        co_yield 1;
        EXPECT_EQ(me->state(), generator_state::running);
    };
    auto g = body(self);
    self = &g;
    EXPECT_EQ(g.state(), generator_state::created);
    EXPECT_FALSE(g.running());
    g.next();
    EXPECT_EQ(g.state(), generator_state::suspended);
    EXPECT_FALSE(g.running() || g.done() || g.delegating());
    g.next();
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_TRUE(g.done());
    EXPECT_FALSE(g.running() || g.delegating());
}

constexpr std::uint32_t first_line = std::source_location::current().line() + 1;
generator<int> stands() {
    co_yield 1;  // first_line + 1
    co_yield 2;  // first_line + 2
}

TEST(generator, where_is_the_co_yield_at_which_it_is_suspended) {
#ifdef __clang__
    constexpr std::uint32_t created_line = first_line;
#else
    constexpr std::uint32_t created_line = first_line + 3;  // where GCC 14 puts what a compiler calls by itself
#endif
    auto g = stands();
    EXPECT_EQ(g.where().line(), created_line);
    EXPECT_TRUE(std::string_view(g.where().file_name()).ends_with("generator_test.cpp"));
    g.next();
    EXPECT_EQ(g.where().line(), first_line + 1);
    g.next();
    EXPECT_EQ(g.where().line(), first_line + 2);
    g.next();
    EXPECT_EQ(g.where().line(), first_line + 2);
}

TEST(generator, frames_are_its_own_while_it_is_suspended) {
    auto g = stands();
    g.next();
    const auto frames = weft::frames(g);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].function, "stands");
    EXPECT_EQ(frames[0].line, first_line + 1);
    EXPECT_TRUE(frames[0].file.ends_with("generator_test.cpp"));
}

using frame_list = std::vector<weft::stack_frame>;
generator<frame_list> looks_at_itself(const generator<frame_list>*& me) {
    co_yield me->frames();
    co_yield frames(*me);
}
frame_list asks(generator<frame_list>& g) { return *g.next(); }

TEST(generator, frames_begin_with_the_caller_while_it_runs) {
    const generator<frame_list>* self = nullptr;
    auto g = looks_at_itself(self);
    self = &g;
    const std::uint32_t here = std::source_location::current().line() + 1;
    const frame_list from_here = *g.next();
    ASSERT_EQ(from_here.size(), 2u);
    EXPECT_EQ(from_here[0].line, here);
    EXPECT_EQ(from_here[1].function, "looks_at_itself");
    EXPECT_EQ(weft::frames(g).size(), 1u) << "nobody is calling it now";

    const frame_list from_there = asks(g);
    ASSERT_EQ(from_there.size(), 2u);
    EXPECT_EQ(from_there[0].function, "asks");
}

// Who holds it

TEST(generator, may_be_moved_between_elements) {
    auto g = count(3);
    EXPECT_EQ(g.next(), 0);
    auto other = std::move(g);
    EXPECT_EQ(other.next(), 1);
    generator<int> assigned;
    assigned = std::move(other);
    EXPECT_EQ(assigned.next(), 2);
    EXPECT_FALSE(assigned.next());
}

TEST(generator, a_move_assignment_destroys_what_was_there) {
    const auto shared = std::make_shared<int>(1);
    const auto body = [](std::shared_ptr<int> p) -> generator<int> { co_yield *p; };
    auto g = body(shared);
    g.next();
    EXPECT_EQ(shared.use_count(), 2);
    g = count(1);
    EXPECT_EQ(shared.use_count(), 1);
    EXPECT_EQ(g.next(), 0);
}

TEST(generator, a_move_assignment_to_itself_changes_nothing) {
    auto g = count(2);
    g.next();
    generator<int>& same = g;
    g = std::move(same);
    EXPECT_EQ(g.next(), 1);
}

TEST(generator, generators_swap) {
    auto a = count(1);
    auto b = count(5);
    b.next();
    std::swap(a, b);
    EXPECT_EQ(a.next(), 1);
    EXPECT_EQ(b.next(), 0);
}

TEST(generator, that_was_moved_from_or_never_made_is_as_one_that_finished) {
    generator<int, int, int> g;
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_TRUE(g.done());
    EXPECT_FALSE(g.running());
    EXPECT_FALSE(g.delegating());
    EXPECT_FALSE(g.next());
    EXPECT_FALSE(g.send(1));
    EXPECT_FALSE(g.close());
    EXPECT_THROW(g.raise(std::runtime_error("comes back")), std::runtime_error);
    EXPECT_THROW((void)g.result(), weft::invalid_state_error);
    EXPECT_THROW((void)g.where(), weft::invalid_state_error);
    EXPECT_TRUE(g.frames().empty());
    EXPECT_TRUE(g.begin() == g.end());

    auto used = count(1);
    const auto other = std::move(used);
    EXPECT_FALSE(used.next());  // NOLINT(bugprone-use-after-move): what is promised
}

TEST(generator, may_be_resumed_on_another_thread) {
    auto g = count(4);
    EXPECT_EQ(g.next(), 0);
    std::thread([&g] { EXPECT_EQ(g.next(), 1); }).join();
    std::thread([g = std::move(g)]() mutable {
        EXPECT_EQ(g.next(), 2);
        EXPECT_EQ(g.next(), 3);
        EXPECT_FALSE(g.next());
    }).join();
}

TEST(generator, may_be_raised_into_on_one_thread_and_destroyed_on_another) {
    const auto body = []() -> generator<int> {
        for (;;) {
            std::exception_ptr error;
            try {
                co_yield 1;
            } catch (const std::runtime_error&) {
                error = std::current_exception();
            }
            if (error) co_yield 2;
        }
    };
    auto g = body();
    g.next();
    std::thread([&g] { EXPECT_EQ(g.raise(std::runtime_error("from another thread")), 2); }).join();
    std::thread([g = std::move(g)] { EXPECT_EQ(g.state(), generator_state::suspended); }).join();
}

}  // namespace
