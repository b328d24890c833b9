// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/fiber/fiber.hpp>
#include <weft/fiber/fiber_generator.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

// close(), going without it, and what else unwinds a body.

namespace {

using weft::fiber_generator;
using weft::generator_state;
using weft::yielder;

/// Writes a letter as it goes.
struct leaves {
    std::string& log;
    char letter;
    ~leaves() { log += letter; }
};

/// Yields from `depth` calls further down, each with something to clean up.
void deep(int depth, std::string& log, const yielder<int>& yield) {
    const leaves l{log, static_cast<char>('a' + depth)};
    if (depth == 0) return yield(0);
    deep(depth - 1, log, yield);
}

TEST(fiber_generator_close, destroying_one_half_way_unwinds_its_stack) {
    std::string log;
    {
        fiber_generator<int> g([&](auto& yield) { deep(4, log, yield); });
        g.next();
        EXPECT_EQ(log, "");
    }
    EXPECT_EQ(log, "abcde");
}

TEST(fiber_generator_close, destroying_one_is_not_closing_it_as_of_any_generator) {
    std::string log;
    const auto body = [&](auto& yield) {
        try {
            deep(1, log, yield);
        } catch (const std::exception&) {
            log += '!';
        } catch (const weft::generator_exit&) {
            log += 'x';
            throw;
        }
    };
    {
        fiber_generator<int> g(body);
        g.next();
    }
    EXPECT_EQ(log, "ab");
    fiber_generator<int> g(body);
    g.next();
    g.close();
    EXPECT_EQ(log, "ababx");
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(fiber_generator_close, one_that_has_not_begun_never_does) {
    const auto counted = std::make_shared<int>(0);
    const auto body = [counted](auto& yield) { yield(++*counted); };
    {
        const fiber_generator<int> destroyed(body);
        EXPECT_EQ(counted.use_count(), 3);
    }
    fiber_generator<int> closed(body), raised(body);
    closed.close();
    EXPECT_THROW(raised.raise(std::runtime_error("straight back")), std::runtime_error);
    EXPECT_EQ(counted.use_count(), 2) << "what they captured has gone";
    EXPECT_EQ(closed.state(), generator_state::closed);
    EXPECT_FALSE(raised.next());
    EXPECT_EQ(*counted, 0);
}

TEST(fiber_generator_close, a_body_that_swallows_its_destruction_is_not_heard_any_more) {
    std::string log;
    {
        fiber_generator<int, void, std::string> g([&](auto& yield) {
            for (int i = 0; i < 3; ++i) {
                try {
                    yield(i);
                } catch (...) {
                    log += 's';
                }
            }
            return std::string("a result that is too long to be kept in a string itself");
        });
        g.next();
    }
    EXPECT_EQ(log, "sss");
}

TEST(fiber_generator_close, what_it_throws_as_it_is_destroyed_is_reported) {
    testing::internal::CaptureStderr();
    {
        fiber_generator<int> g(
            [](auto& yield) {
                try {
                    yield(1);
                } catch (...) {
                    throw std::runtime_error("in the end");
                }
            },
            {.name = "careless"});
        g.next();
    }
    const std::string report = testing::internal::GetCapturedStderr();
    EXPECT_THAT(report, testing::HasSubstr("fiber 'careless'"));
    EXPECT_THAT(report, testing::HasSubstr("in the end"));
}

TEST(fiber_generator_close, a_destructor_in_it_that_asks_it_finds_it_finished) {
    struct asks {
        fiber_generator<int>*& self;
        int& asked;
        ~asks() {
            EXPECT_FALSE(self->next());
            EXPECT_TRUE(self->done());
            ++asked;
        }
    };
    fiber_generator<int>* self = nullptr;
    int asked = 0;
    const auto body = [&](auto& yield) {
        const asks at_end{self, asked};
        yield(1);
        ADD_FAILURE() << "it went on";
    };
    fiber_generator<int> assigned(body);
    self = &assigned;
    assigned.next();
    assigned = {};
    EXPECT_EQ(asked, 1);
    {
        fiber_generator<int> destroyed(body);
        self = &destroyed;
        destroyed.next();
    }
    EXPECT_EQ(asked, 2);
}

TEST(fiber_generator_close, those_on_a_stack_that_unwinds_are_unwound_with_it) {
    std::string log;
    {
        fiber_generator<int> outer([&](auto& yield) {
            const leaves o{log, 'o'};
            fiber_generator<int> inner([&](auto& y) {
                const leaves i{log, 'i'};
                y(1);
            });
            yield.from(std::move(inner));
        });
        outer.next();
    }
    EXPECT_EQ(log, "io");
}

TEST(fiber_generator_close, clean_up_may_use_generators) {
    struct counts {
        int& sum;
        ~counts() {
            fiber_generator<int> g([](auto& yield) {
                yield(1);
                yield(2);
            });
            for (const int n : g) sum += n;
        }
    };
    int sum = 0;
    {
        fiber_generator<int> g([&](auto& yield) {
            const counts last{sum};
            yield(0);
        });
        g.next();
    }
    EXPECT_EQ(sum, 3);
}

// Between fibers

TEST(fiber_generator_close, may_be_asked_by_one_fiber_after_another) {
    fiber_generator<int> g([](auto& yield) {
        for (int i = 0;; ++i) yield(i);
    });
    int sum = 0;
    {
        weft::fiber<> a([&] { sum += *g.next(); });
        weft::fiber<> b([&] {
            sum += *g.next();
            weft::this_fiber::parent().switch_to();
            sum += *g.next();
        });
        b.switch_to();
        a.switch_to();
        b.switch_to();
    }
    EXPECT_EQ(sum, 0 + 1 + 2);
    EXPECT_EQ(g.next(), 3) << "who asked before has gone";
}

TEST(fiber_generator_close, is_unwound_when_who_asked_is_closed_while_it_waits_elsewhere) {
    std::string log;
    const weft::fiber_ref<> root = weft::this_fiber::ref();
    fiber_generator<int> g([&](auto& yield) {
        const leaves l{log, 'g'};
        root.switch_to();  // away, in the middle of an element
        yield(1);
    });
    {
        weft::fiber<> asks([&] {
            const leaves l{log, 'a'};
            g.next();
        });
        asks.switch_to();
        EXPECT_TRUE(g.running());
        EXPECT_THROW(g.next(), weft::generator_already_running);
        EXPECT_THROW(g.close(), weft::generator_already_running);
    }
    EXPECT_EQ(log, "ga");
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
}

TEST(fiber_generator_close, cannot_be_asked_by_a_fiber_that_descends_from_it) {
    const weft::fiber_ref<> root = weft::this_fiber::ref();
    std::optional<fiber_generator<int>> g;
    std::optional<weft::fiber<>> made;
    bool refused = false;
    g.emplace([&](auto& yield) {
        made.emplace([&] {
            EXPECT_THROW(g->next(), std::invalid_argument);
            refused = true;
            root.switch_to();
        });
        yield(1);
        yield(2);
    });
    g->next();
    made->switch_to();
    EXPECT_TRUE(refused);
    EXPECT_EQ(g->next(), 2);
}

}  // namespace
