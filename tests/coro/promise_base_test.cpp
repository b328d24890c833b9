// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/promise_base.hpp>
#include <weft/coro/task.hpp>
#include <weft/coro/traceback.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <source_location>
#include <string>
#include <utility>

// The chain of awaits: who awaits whom, where each stands, and in which order a suspended one is destroyed.

namespace {

/// Says in `log` when it goes; reads `neighbour`, which must still be there.
struct witness {
    witness(std::string& l, std::string n, const std::string* neighbour = nullptr)
        : log(l), name(std::move(n)), seen(neighbour) {}
    witness(const witness&) = delete;
    ~witness() { log += name + (seen ? "(" + *seen + ")" : "") + " "; }
    std::string& log;
    std::string name;
    const std::string* seen;
};

weft::task<> innermost(std::string& log, const std::string& outer_local) {
    const witness w(log, "inner", &outer_local);
    co_await std::suspend_always();
}
weft::task<> middle(std::string& log, const std::string& outer_local) {
    const std::string own = "middle's";
    const witness w(log, "middle", &outer_local);
    co_await innermost(log, own);
}
weft::task<> outermost(std::string& log) {
    const std::string own = "outer's";
    const witness w(log, "outer");
    co_await middle(log, own);
}

TEST(promise_base, a_suspended_chain_is_destroyed_innermost_first) {
    std::string log;
    {
        auto t = outermost(log);
        EXPECT_FALSE(t.step());
        EXPECT_EQ(log, "");
    }
    EXPECT_EQ(log, "inner(middle's) middle(outer's) outer ");
}

TEST(promise_base, a_completed_chain_is_destroyed_innermost_first) {
    std::string log;
    auto t = outermost(log);
    EXPECT_FALSE(t.step());
    EXPECT_TRUE(t.step());
    EXPECT_EQ(log, "inner(middle's) middle(outer's) outer ");
}

TEST(promise_base, a_task_held_beside_the_chain_goes_with_its_holder) {
    std::string log;
    const auto body = [](std::string& l) -> weft::task<> {
        const witness first(l, "first");
        const auto unused = outermost(l);  // never runs
        const witness second(l, "second");
        co_await std::suspend_always();
    };
    {
        auto t = body(log);
        EXPECT_FALSE(t.step());
    }
    EXPECT_EQ(log, "second first ");
}

constexpr std::uint32_t first_line = std::source_location::current().line() + 1;
weft::task<> stands() {
    co_await std::suspend_always();  // first_line + 1
    const auto inner = []() -> weft::task<> {
        co_await std::suspend_always();  // first_line + 3
    };
    co_await inner();  // first_line + 5
}

TEST(promise_base, where_is_the_co_await_at_which_a_coroutine_is_suspended) {
    // Before it ran: its beginning. GCC 14 puts whatever a compiler calls by itself at the end of the function.
#ifdef __clang__
    constexpr std::uint32_t created_line = first_line;
#else
    constexpr std::uint32_t created_line = first_line + 6;
#endif
    auto t = stands();
    EXPECT_EQ(t.where().line(), created_line);
    EXPECT_TRUE(std::string(t.where().file_name()).ends_with("promise_base_test.cpp"));
    (void)t.step();
    EXPECT_EQ(t.where().line(), first_line + 1);
    (void)t.step();
    EXPECT_EQ(t.where().line(), first_line + 5);
    (void)t.step();
    EXPECT_EQ(t.state(), weft::coroutine_state::closed);
    EXPECT_EQ(t.where().line(), first_line + 5);
}

TEST(promise_base, where_of_nothing_is_refused) {
    auto t = stands();
    const auto other = std::move(t);
    EXPECT_THROW((void)t.where(), weft::invalid_state_error);  // NOLINT(bugprone-use-after-move): the mistake
}

/// Looks at the chain of the coroutine that awaits it.
struct chain_of_awaiter : weft::native_awaiter {
    std::vector<weft::stack_frame> frames;
    bool await_ready() const { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> h) {
        weft::promise_base* p = &h.promise();
        EXPECT_EQ(p->handle().address(), h.address());
        while (p->awaiter()) {
            EXPECT_EQ(p->awaiter()->awaited(), p);
            EXPECT_EQ(p->awaiter()->running_in(), p->running_in());
            p = p->awaiter();
        }
        frames = weft::await_chain(p);
        return false;
    }
    std::vector<weft::stack_frame> await_resume() { return frames; }
};

weft::task<std::vector<weft::stack_frame>> look() { co_return co_await chain_of_awaiter(); }
constexpr std::uint32_t look_line = std::source_location::current().line() - 1;
weft::task<std::vector<weft::stack_frame>> look_through() { co_return co_await look(); }

TEST(promise_base, the_chain_names_every_coroutine_innermost_last) {
    auto t = look_through();
    const auto frames = t.step();
    ASSERT_TRUE(frames);
    ASSERT_EQ(frames->size(), 2u);
    EXPECT_NE((*frames)[0].function.find("look_through"), std::string::npos) << (*frames)[0].function;
    EXPECT_EQ((*frames)[0].line, look_line + 2);
    EXPECT_NE((*frames)[1].function.find("look"), std::string::npos);
    EXPECT_EQ((*frames)[1].line, look_line);
}

}  // namespace
