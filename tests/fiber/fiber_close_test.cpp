// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/fiber/fiber.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using weft::fiber;
namespace this_fiber = weft::this_fiber;

/// Writes a letter as it goes.
struct leaves {
    std::string& log;
    char letter;
    ~leaves() { log += letter; }
};

TEST(fiber_close, destroying_one_unwinds_its_stack) {
    std::string log;
    {
        fiber<> f([&] {
            const leaves outer{log, 'o'};
            [&] {
                const leaves inner{log, 'i'};
                this_fiber::parent().switch_to();
                log += '!';
            }();
        });
        f.switch_to();
        EXPECT_EQ(log, "");
    }
    EXPECT_EQ(log, "io");
}

TEST(fiber_close, close_raises_fiber_exit_and_returns_when_the_body_has_ended) {
    std::string log;
    fiber<int> f([&](int n) {
        try {
            this_fiber::parent<int>().switch_to(n);
        } catch (const std::exception&) {
            log += 'x';  // it is none
        } catch (const weft::fiber_exit&) {
            log += 'e';
            throw;
        }
        return 1;
    });
    f.switch_to(1);
    f.close();
    EXPECT_EQ(log, "e");
    EXPECT_TRUE(f.finished());
    f.close();  // does nothing
}

TEST(fiber_close, one_that_has_not_begun_never_runs) {
    const auto counted = std::make_shared<int>(0);
    fiber<> f([counted] { ++*counted; });
    EXPECT_EQ(counted.use_count(), 2);
    f.close();
    EXPECT_EQ(counted.use_count(), 1);
    EXPECT_TRUE(f.finished());
    EXPECT_THROW(f.switch_to(), weft::invalid_state_error);
}

TEST(fiber_close, a_body_may_clean_up_and_return) {
    fiber<std::string> f([](std::string text) {
        try {
            this_fiber::parent<std::string>().switch_to(text);
        } catch (const weft::fiber_exit&) {
        }
        return text + text;
    });
    f.switch_to("a text that is too long to be kept in a string itself");
    f.close();
    EXPECT_TRUE(f.finished());
}

TEST(fiber_close, throws_what_the_body_throws_in_its_place) {
    fiber<> f([] {
        try {
            this_fiber::parent().switch_to();
        } catch (const weft::fiber_exit&) {
            throw std::runtime_error("failed to clean up");
        }
    });
    f.switch_to();
    EXPECT_THROW(f.close(), std::runtime_error);
    EXPECT_TRUE(f.finished());
}

TEST(fiber_close, who_swallows_it_and_switches_gets_it_again) {
    int swallowed = 0;
    fiber<> f([&] {
        while (swallowed < 10) {
            try {
                this_fiber::parent().switch_to();
            } catch (...) {
                ++swallowed;
            }
        }
    });
    f.switch_to();
    f.close();
    EXPECT_EQ(swallowed, 10);
    EXPECT_TRUE(f.finished());
}

TEST(fiber_close, returns_to_who_closes_and_not_to_the_parent) {
    std::string log;
    fiber<> a([&] {
        const leaves out{log, 'a'};
        this_fiber::parent().switch_to();
    });
    fiber<> b([&] {
        a.close();
        log += 'b';
    });
    a.switch_to();
    b.switch_to();
    EXPECT_EQ(log, "ab");
}

TEST(fiber_close, fibers_on_a_stack_that_unwinds_are_unwound_with_it) {
    std::string log;
    {
        fiber<> outer([&] {
            const leaves out{log, 'o'};
            fiber<> inner([&] {
                const leaves in{log, 'i'};
                this_fiber::parent().switch_to();
            });
            inner.switch_to();
            this_fiber::parent().switch_to();
        });
        outer.switch_to();
    }
    EXPECT_EQ(log, "io");
}

TEST(fiber_close, its_destructors_may_use_fibers_of_their_own) {
    struct uses_a_fiber {
        int& result;
        ~uses_a_fiber() {
            fiber<int> f([](int n) { return n + 1; });
            result = f.switch_to(1);
        }
    };
    int result = 0;
    {
        fiber<> f([&] {
            const uses_a_fiber last{result};
            this_fiber::parent().switch_to();
        });
        f.switch_to();
    }
    EXPECT_EQ(result, 2);
}

TEST(fiber_close, what_it_throws_as_it_is_destroyed_is_reported) {
    testing::internal::CaptureStderr();
    {
        fiber<> f(
            [] {
                try {
                    this_fiber::parent().switch_to();
                } catch (...) {
                    throw std::runtime_error("in the end");
                }
            },
            {.name = "careless"});
        f.switch_to();
    }
    const std::string report = testing::internal::GetCapturedStderr();
    EXPECT_THAT(report, testing::HasSubstr("fiber 'careless'"));
    EXPECT_THAT(report, testing::HasSubstr("in the end"));
}

TEST(fiber_close, fiber_exit_thrown_in_by_others_is_an_exception_like_any) {
    fiber<int> f([](int n) { return this_fiber::parent<int>().switch_to(n); });
    f.switch_to(1);
    EXPECT_THROW(f.throw_into(weft::fiber_exit()), weft::fiber_exit);
    EXPECT_TRUE(f.finished());
}

// Misuse

TEST(fiber_close, one_that_runs_cannot_close_itself) {
    std::optional<fiber<>> f;
    f.emplace([&] { EXPECT_THROW(f->close(), weft::invalid_state_error); });
    f->switch_to();
    EXPECT_TRUE(f->finished());
}

TEST(fiber_close, who_closes_another_is_left_alone_meanwhile) {
    std::optional<fiber<>> closing;
    fiber<> closed([&] {
        try {
            this_fiber::parent().switch_to();
        } catch (const weft::fiber_exit&) {
            EXPECT_THROW(closing->close(), weft::invalid_state_error);
            throw;
        }
    });
    closing.emplace([&] { closed.close(); });
    closed.switch_to();
    closing->switch_to();
    EXPECT_TRUE(closed.finished());
    EXPECT_TRUE(closing->finished());
}

TEST(fiber_close_death_test, who_never_lets_go_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            fiber<> f(
                [] {
                    for (;;) {
                        try {
                            this_fiber::parent().switch_to();
                        } catch (...) {
                        }
                    }
                },
                {.name = "stubborn"});
            f.switch_to();
            f.close();
        },
        "fiber 'stubborn' swallows fiber_exit");
}

}  // namespace
