// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>
#include <weft/fiber/fiber_generator.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// A body on a fiber and a coroutine that say the same are told apart by nobody who asks them.

namespace {

using weft::generator_state;
using log_t = std::vector<std::string>;

/// What a body does, in turn.
struct step {
    enum class what { yield, yield_and_catch, yield_and_ignore_exit, hand_over, hand_over_range, fail };
    what does;
    std::vector<step> inner;
};
using script = std::vector<step>;

struct finally {
    log_t& log;
    std::string name;
    ~finally() { log.push_back(name + " goes"); }
};
std::string said(const std::string& name, const std::optional<int>& sent) {
    return name + " got " + (sent ? std::to_string(*sent) : "nothing");
}

using of_coroutine = weft::generator<int, std::optional<int>, int>;
using of_fiber = weft::fiber_generator<int, std::optional<int>, int>;

of_coroutine play_coroutine(const script& s, log_t& log, std::string name) {
    const finally f{log, name};
    int n = 0;
    for (const step& each : s) {
        ++n;
        switch (each.does) {
            case step::what::yield: log.push_back(said(name, co_yield n)); break;
            case step::what::yield_and_catch: try { log.push_back(said(name, co_yield n));
                } catch (const std::exception& e) {
                    log.push_back(name + " caught " + e.what());
                }
                break;
            case step::what::yield_and_ignore_exit: try { log.push_back(said(name, co_yield n));
                } catch (const weft::generator_exit&) {
                    log.push_back(name + " ignored the exit");
                }
                break;
            case step::what::hand_over: {
                const int r = co_yield weft::from(play_coroutine(each.inner, log, name + "." + std::to_string(n)));
                log.push_back(name + " was returned " + std::to_string(r));
                break;
            }
            case step::what::hand_over_range: co_yield weft::from(std::vector{10, 20}); break;
            case step::what::fail: throw std::runtime_error(name + " failed");
        }
    }
    co_return n;
}

of_fiber play_fiber(const script& s, log_t& log, std::string name) {
    return [&s, &log, name](auto& yield) {
        const finally f{log, name};
        int n = 0;
        for (const step& each : s) {
            ++n;
            switch (each.does) {
                case step::what::yield: log.push_back(said(name, yield(n))); break;
                case step::what::yield_and_catch: try { log.push_back(said(name, yield(n)));
                    } catch (const std::exception& e) {
                        log.push_back(name + " caught " + e.what());
                    }
                    break;
                case step::what::yield_and_ignore_exit: try { log.push_back(said(name, yield(n)));
                    } catch (const weft::generator_exit&) {
                        log.push_back(name + " ignored the exit");
                    }
                    break;
                case step::what::hand_over: {
                    const int r = yield.from(play_fiber(each.inner, log, name + "." + std::to_string(n)));
                    log.push_back(name + " was returned " + std::to_string(r));
                    break;
                }
                case step::what::hand_over_range: yield.from(std::vector{10, 20}); break;
                case step::what::fail: throw std::runtime_error(name + " failed");
            }
        }
        return n;
    };
}

/// Does as the numbers say to a generator, and writes what comes of it.
template <class G>
log_t converse(G (*play)(const script&, log_t&, std::string), const script& s, const std::vector<unsigned>& numbers) {
    log_t log;
    G g = play(s, log, "g");
    const auto answer = [&](const std::optional<int>& e) {
        log.push_back(e ? "element " + std::to_string(*e) : "no more");
    };
    for (const unsigned number : numbers) {
        log.push_back("state " + std::to_string(static_cast<int>(g.state())) + (g.delegating() ? ", delegating" : ""));
        try {
            switch (number % 8) {
                case 0:
                case 1:
                case 2: answer(g.next()); break;
                case 3:
                case 4: answer(g.send(static_cast<int>(number % 100))); break;
                case 5: answer(g.raise(std::runtime_error("raised"))); break;
                case 6: answer(g.raise(weft::generator_exit())); break;
                default: answer(g.close()); break;
            }
        } catch (const std::exception& e) {
            log.push_back(std::string("threw ") + e.what());
        } catch (const weft::generator_exit&) {
            log.push_back("threw generator_exit");
        }
        try {
            log.push_back("result " + std::to_string(g.result()));
        } catch (const weft::invalid_state_error& e) {
            log.push_back(e.what());
        }
    }
    g = G();
    log.push_back("the end");
    return log;
}

script random_script(std::minstd_rand& random, int depth) {
    script s(random() % 5);
    for (step& each : s) {
        each.does = static_cast<step::what>(random() % 24 == 0 ? 5 : random() % 5);
        if (each.does != step::what::hand_over) continue;
        if (depth == 0) {
            each.does = step::what::yield;
        } else {
            each.inner = random_script(random, depth - 1);
        }
    }
    return s;
}

TEST(fiber_generator_parity, random_conversations_go_as_with_a_coroutine) {
    std::minstd_rand random(20261123);
    std::size_t said_in_all = 0;
    for (int i = 0; i < 2000; ++i) {
        const script s = random_script(random, 3);
        std::vector<unsigned> numbers(random() % 12 + 1);
        for (unsigned& n : numbers) n = static_cast<unsigned>(random() >> 4);
        const log_t expected = converse(play_coroutine, s, numbers);
        ASSERT_EQ(converse(play_fiber, s, numbers), expected) << "conversation " << i;
        said_in_all += expected.size();
    }
    EXPECT_GT(said_in_all, 20'000u);
}

// Rule by rule, where no conversation comes to it

TEST(fiber_generator_parity, refuses_to_be_entered_while_it_runs) {
    weft::fiber_generator<int, int>* self = nullptr;
    weft::fiber_generator<int, int> g([&](auto& yield) {
        for (int i = 0; i < 8; ++i) {
            EXPECT_TRUE(self->running());
            EXPECT_EQ(self->state(), generator_state::running);
            try {
                switch (i % 4) {
                    case 0: self->next(); break;
                    case 1: self->send(1); break;
                    case 2: self->raise(std::runtime_error("not raised")); break;
                    default: self->close(); break;
                }
                ADD_FAILURE() << "it was entered";
            } catch (const weft::generator_already_running& e) {
                EXPECT_STREQ(e.what(), "generator already executing");
            }
            if (i == 3) yield(1);
        }
    });
    self = &g;
    EXPECT_EQ(g.next(), 1);
    EXPECT_FALSE(g.running());
    EXPECT_FALSE(g.next());
}

TEST(fiber_generator_parity, a_value_sent_before_it_has_begun_is_refused_and_harms_nothing) {
    weft::fiber_generator<int, int> g([](auto& yield) { yield(yield(1)); });
    EXPECT_THROW(g.send(5), weft::generator_not_started);
    EXPECT_EQ(g.state(), generator_state::created);
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.send(5), 5);
    EXPECT_FALSE(g.send(6));
    EXPECT_FALSE(g.send(7));
}

TEST(fiber_generator_parity, takes_move_only_values_and_returns_them) {
    using pointer = std::unique_ptr<int>;
    weft::fiber_generator<int, pointer, pointer> g([](auto& yield) {
        pointer first = yield(1);
        EXPECT_EQ(yield(2), nullptr) << "of next()";
        return first;
    });
    g.next();
    g.send(std::make_unique<int>(3));
    EXPECT_THROW((void)g.result(), weft::invalid_state_error);
    EXPECT_FALSE(g.next());
    EXPECT_EQ(*g.result(), 3);
    EXPECT_EQ(*std::move(g).result(), 3);
}

TEST(fiber_generator_parity, returns_references) {
    int n = 0;
    weft::fiber_generator<int, void, int&> g([&](auto& yield) -> int& {
        try {
            yield(1);
        } catch (const weft::generator_exit&) {
        }
        return n;
    });
    g.next();
    EXPECT_EQ(g.close(), &n);
    EXPECT_EQ(g.close(), nullptr);
    weft::fiber_generator<int, void, int&> whole([&](auto&) -> int& { return n; });
    EXPECT_FALSE(whole.next());
    EXPECT_EQ(&whole.result(), &n);
}

TEST(fiber_generator_parity, an_exception_of_the_first_or_a_later_step_ends_it) {
    weft::fiber_generator<int> first([](auto&) { throw std::runtime_error("at once"); });
    EXPECT_THROW(first.next(), std::runtime_error);
    EXPECT_EQ(first.state(), generator_state::closed);
    EXPECT_FALSE(first.next());
    weft::fiber_generator<int> later([](auto& yield) {
        yield(1);
        throw std::runtime_error("later");
    });
    int sum = 0;
    EXPECT_THROW(for (const int n : later) sum += n, std::runtime_error);
    EXPECT_EQ(sum, 1);
    EXPECT_TRUE(later.done());
    EXPECT_THROW(later.result(), weft::invalid_state_error);
}

TEST(fiber_generator_parity, hands_over_to_coroutines_and_a_coroutine_iterates_over_it) {
    const auto inner = []() -> weft::generator<int, int, int> { co_return co_yield 1; };
    weft::fiber_generator<int, int, int> outer([&](auto& yield) { return yield.from(inner()) + 1; });
    EXPECT_EQ(outer.next(), 1);
    EXPECT_FALSE(outer.send(41));
    EXPECT_EQ(outer.result(), 42);

    const auto around = []() -> weft::generator<int> {
        co_yield weft::from(weft::fiber_generator<int>([](auto& yield) {
            yield(1);
            yield(2);
        }));
    };
    int sum = 0;
    for (const int n : around()) sum += n;
    EXPECT_EQ(sum, 3);
}

TEST(fiber_generator_parity, hands_over_to_no_generator_that_runs) {
    weft::fiber_generator<int>* self = nullptr;
    weft::fiber_generator<int> g([&](auto& yield) {
        EXPECT_THROW(yield.from(std::move(*self)), weft::generator_already_running);
        yield(1);
    });
    self = &g;
    EXPECT_EQ(g.next(), 1);
}

}  // namespace
