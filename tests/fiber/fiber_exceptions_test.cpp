// SPDX-License-Identifier: Apache-2.0
// What the C++ runtime knows of exceptions is each fiber's own.
#include <weft/fiber/fiber.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <execinfo.h>

namespace {

using weft::fiber;
namespace this_fiber = weft::this_fiber;

std::string text_of(const std::exception_ptr& error) {
    if (!error) return "none";
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    }
}

TEST(fiber_exceptions, one_waits_inside_a_catch_while_others_throw) {
    std::string log;
    std::vector<fiber<>> fibers;
    for (int i = 0; i < 3; ++i) {
        fibers.emplace_back([&, i] {
            try {
                throw std::runtime_error("error " + std::to_string(i));
            } catch (const std::runtime_error& e) {
                this_fiber::parent().switch_to();
                EXPECT_EQ(text_of(std::current_exception()), "error " + std::to_string(i));
                try {
                    throw std::logic_error("inner " + std::to_string(i));
                } catch (const std::logic_error&) {
                    this_fiber::parent().switch_to();
                    EXPECT_EQ(text_of(std::current_exception()), "inner " + std::to_string(i));
                }
                EXPECT_EQ(text_of(std::current_exception()), "error " + std::to_string(i));
                this_fiber::parent().switch_to();
                log += e.what();
                try {
                    throw;
                } catch (const std::runtime_error& again) {
                    log += again.what();
                }
            }
            EXPECT_FALSE(std::current_exception());
        });
    }
    // Not in the order of a stack: what is caught first ends first.
    for (int round = 0; round < 4; ++round) {
        for (const fiber<>& f : fibers) {
            f.switch_to();
            EXPECT_FALSE(std::current_exception());
        }
    }
    EXPECT_EQ(log, "error 0error 0error 1error 1error 2error 2");
    for (const fiber<>& f : fibers) EXPECT_TRUE(f.finished());
}

TEST(fiber_exceptions, a_fiber_that_is_made_inside_a_catch_has_nothing_caught) {
    try {
        throw std::runtime_error("outer");
    } catch (...) {
        fiber<> f([] {
            EXPECT_FALSE(std::current_exception());
            EXPECT_EQ(std::uncaught_exceptions(), 0);
        });
        f.switch_to();
        EXPECT_EQ(text_of(std::current_exception()), "outer");
    }
}

TEST(fiber_exceptions, a_destructor_may_switch_while_an_exception_is_in_flight) {
    struct switches {
        ~switches() {
            EXPECT_EQ(std::uncaught_exceptions(), 1);
            this_fiber::parent().switch_to();
            EXPECT_EQ(std::uncaught_exceptions(), 1);
        }
    };
    fiber<> f([] {
        try {
            const switches last;
            throw std::runtime_error("in flight");
        } catch (const std::runtime_error&) {
        }
        EXPECT_EQ(std::uncaught_exceptions(), 0);
    });
    f.switch_to();
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    EXPECT_THROW(throw std::logic_error("meanwhile"), std::logic_error);
    f.switch_to();
    EXPECT_TRUE(f.finished());
}

TEST(fiber_exceptions, one_that_waits_inside_a_catch_is_unwound_out_of_it) {
    bool gone = false;
    struct notes {
        bool& gone;
        explicit notes(bool& g) : gone(g) {}
        notes(const notes&) = default;
        ~notes() { gone = true; }
    };
    {
        fiber<> f([&] {
            try {
                throw notes(gone);
            } catch (const notes&) {
                gone = false;
                this_fiber::parent().switch_to();
            }
        });
        f.switch_to();
        EXPECT_FALSE(gone);
    }
    EXPECT_TRUE(gone);
    EXPECT_FALSE(std::current_exception());
}

TEST(fiber_exceptions, pass_through_many_frames_of_a_fiber) {
    struct deep {
        static int down(int n) {
            if (n == 0) throw std::runtime_error("bottom");
            return down(n - 1) + 1;
        }
    };
    fiber<int> f([](int n) {
        try {
            return deep::down(n);
        } catch (const std::runtime_error&) {
            return -1;
        }
    });
    EXPECT_EQ(f.switch_to(200), -1);
}

TEST(fiber_exceptions, a_backtrace_ends_at_the_entry_of_the_fiber) {
    fiber<int> f([](int) {
        void* frames[64];
        const int inside = ::backtrace(frames, 64);
        this_fiber::parent<int>().switch_to(inside);
        return ::backtrace(frames, 64);
    });
    const int inside = f.switch_to(0);
    EXPECT_GE(inside, 3);
    EXPECT_LT(inside, 32);
    // However deep it is when the fiber goes on: what called it there is on another stack.
    struct deep {
        static int down(const fiber<int>& g, int n) { return n == 0 ? g.switch_to(0) : down(g, n - 1); }
    };
    EXPECT_EQ(deep::down(f, 40), inside);
}

}  // namespace
