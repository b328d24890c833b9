// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/fiber/fiber.hpp>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using weft::fiber;
using weft::fiber_state;
namespace this_fiber = weft::this_fiber;

TEST(fiber, values_go_there_and_back) {
    fiber<int> doubler([](int n) {
        for (;;) n = this_fiber::parent<int>().switch_to(2 * n);
        return 0;
    });
    EXPECT_EQ(doubler.state(), fiber_state::created);
    EXPECT_EQ(doubler.switch_to(4), 8);
    EXPECT_EQ(doubler.switch_to(5), 10);
    EXPECT_EQ(doubler.state(), fiber_state::suspended);
}

TEST(fiber, the_result_goes_to_the_parent) {
    fiber<std::string> f([](std::string name) { return "hello " + name; });
    EXPECT_EQ(f.switch_to("a world that is too long to be kept in a string itself"),
              "hello a world that is too long to be kept in a string itself");
    EXPECT_TRUE(f.finished());
    EXPECT_EQ(f.stack_high_water_bytes(), 0u);
}

TEST(fiber, without_values) {
    std::string log;
    fiber<> f([&] {
        log += "b";
        this_fiber::parent().switch_to();
        log += "d";
    });
    log += "a";
    f.switch_to();
    log += "c";
    f.switch_to();
    log += "e";
    EXPECT_EQ(log, "abcde");
    EXPECT_TRUE(f.finished());
}

TEST(fiber, switches_from_any_depth) {
    struct node {
        int value;
        std::unique_ptr<node> left, right;
    };
    const std::function<std::unique_ptr<node>(int, int)> tree = [&](int from, int to) -> std::unique_ptr<node> {
        if (from >= to) return nullptr;
        const int middle = (from + to) / 2;
        return std::make_unique<node>(middle, tree(from, middle), tree(middle + 1, to));
    };
    const auto root = tree(0, 100);
    fiber<int> walker([&](int) {
        const std::function<void(const node*)> visit = [&](const node* n) {
            if (!n) return;
            visit(n->left.get());
            this_fiber::parent<int>().switch_to(n->value);
            visit(n->right.get());
        };
        visit(root.get());
        return -1;
    });
    for (int i = 0; i < 100; ++i) EXPECT_EQ(walker.switch_to(0), i);
    EXPECT_EQ(walker.switch_to(0), -1);
}

TEST(fiber, any_switches_to_any) {
    std::string log;
    std::vector<fiber<int>> ring;
    for (int i = 0; i < 3; ++i) {
        ring.emplace_back([&, i](int hops) {
            for (;;) {
                log += static_cast<char>('a' + i);
                if (hops == 0) return i;
                hops = ring[static_cast<std::size_t>((i + 1) % 3)].switch_to(hops - 1);
            }
        });
    }
    EXPECT_EQ(ring[0].switch_to(7), 1);
    EXPECT_EQ(log, "abcabcab");
    EXPECT_TRUE(ring[1].finished());
    EXPECT_EQ(ring[0].state(), fiber_state::suspended);
}

TEST(fiber, a_switch_to_oneself_gives_the_value_back) {
    EXPECT_EQ(this_fiber::ref<int>().switch_to(3), 3);
    fiber<int> f([](int n) { return this_fiber::ref<int>().switch_to(n + 1); });
    EXPECT_EQ(f.switch_to(1), 2);
}

TEST(fiber, moves_what_can_only_be_moved) {
    fiber<std::unique_ptr<int>> f([](std::unique_ptr<int> p) {
        ++*p;
        p = this_fiber::parent<std::unique_ptr<int>>().switch_to(std::move(p));
        ++*p;
        return p;
    });
    auto p = f.switch_to(std::make_unique<int>(1));
    EXPECT_EQ(*p, 2);
    p = f.switch_to(std::move(p));
    EXPECT_EQ(*p, 3);
}

TEST(fiber, exceptions_leave_it_for_the_parent) {
    fiber<int> f([](int n) -> int { throw std::runtime_error("no " + std::to_string(n)); });
    try {
        f.switch_to(7);
        ADD_FAILURE();
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "no 7");
    }
    EXPECT_TRUE(f.finished());
}

TEST(fiber, exceptions_are_thrown_into_it) {
    fiber<int> f([](int n) {
        for (;;) {
            try {
                n = this_fiber::parent<int>().switch_to(n + 1);
            } catch (const std::out_of_range&) {
                n = 100;
            }
        }
        return n;
    });
    EXPECT_EQ(f.switch_to(1), 2);
    EXPECT_EQ(f.throw_into(std::out_of_range("far")), 101);
    EXPECT_EQ(f.switch_to(5), 6);
    EXPECT_THROW(f.throw_into(std::make_exception_ptr(std::logic_error("other"))), std::logic_error);
    EXPECT_TRUE(f.finished());
}

TEST(fiber, thrown_into_before_it_begins_the_body_never_runs) {
    bool ran = false;
    fiber<> f([&] { ran = true; });
    EXPECT_THROW(f.throw_into(std::logic_error("early")), std::logic_error);
    EXPECT_TRUE(f.finished());
    EXPECT_FALSE(ran);
}

TEST(fiber, the_parent_of_a_parent_that_has_ended_gets_the_result) {
    std::unique_ptr<fiber<int>> inner;
    fiber<int> outer([&](int n) {
        inner = std::make_unique<fiber<int>>([](int m) {
            m = this_fiber::parent<int>().switch_to(m);
            return m * 10;
        });
        return inner->switch_to(n);
    });
    EXPECT_EQ(outer.switch_to(1), 1);
    EXPECT_TRUE(outer.finished());
    EXPECT_EQ(inner->switch_to(2), 20);
}

TEST(fiber, a_parent_can_be_set) {
    fiber<int> a([](int n) { return n + 1; });
    fiber<int> b([](int n) { return n * 2; });
    b.set_parent(a.ref());
    EXPECT_EQ(b.switch_to(5), 11);  // b's result is a's argument
    fiber<int> c([](int n) { return n; });
    fiber<int> d([](int n) { return n; });
    d.set_parent(c.ref());
    EXPECT_THROW(c.set_parent(d.ref()), std::invalid_argument);
    EXPECT_THROW(d.set_parent(a.ref()), weft::invalid_state_error);
}

TEST(fiber, ten_thousand_deep) {
    const std::function<int(int)> nested = [&](int n) {
        if (n == 10'000) return n;
        fiber<int> inner(nested, {.stack_bytes = 32 * 1024});
        return inner.switch_to(n + 1);
    };
    EXPECT_EQ(nested(0), 10'000);
}

TEST(fiber, says_where_it_stands) {
    const auto line = std::source_location::current().line() + 1;
    fiber<> f([] { this_fiber::parent().switch_to(); }, {.name = "walker"});
    f.switch_to();
    EXPECT_EQ(f.where().line(), line);
    EXPECT_EQ(f.name(), "walker");
}

// Misuse

TEST(fiber, one_that_has_finished_refuses) {
    fiber<int> f([](int n) { return n; });
    EXPECT_EQ(f.switch_to(1), 1);
    EXPECT_THROW(f.switch_to(1), weft::invalid_state_error);
    EXPECT_THROW(f.throw_into(std::logic_error("x")), weft::invalid_state_error);
}

TEST(fiber, values_of_another_type_are_refused) {
    fiber<int> f([](int n) {
        this_fiber::parent<int>().switch_to(n);
        return n;
    });
    try {
        weft::fiber_ref<std::string>(f.ref().core()).switch_to("text");
        ADD_FAILURE();
    } catch (const weft::invalid_state_error& e) {
        EXPECT_THAT(e.what(), testing::HasSubstr("waits for one of type int"));
    }
    EXPECT_EQ(f.switch_to(3), 3);
}

TEST(fiber, a_result_of_another_type_is_an_error_of_the_parent) {
    fiber<std::string> s([](std::string text) { return text; });
    fiber<int> f([&](int n) {
        s.switch_to("long enough for a string that has memory of its own");
        return n;
    });
    EXPECT_THROW(f.switch_to(1), weft::invalid_state_error);  // s ends, and this waits for an int
    EXPECT_TRUE(s.finished());
}

TEST(fiber, another_thread_is_refused) {
    fiber<> f([] {});
    std::thread([&] {
        EXPECT_THROW(f.switch_to(), weft::invalid_state_error);
        EXPECT_THROW(f.throw_into(std::logic_error("x")), weft::invalid_state_error);
    }).join();
    f.switch_to();
}

TEST(fiber, the_root_has_no_parent) { EXPECT_THROW(this_fiber::parent<int>(), weft::invalid_state_error); }

TEST(fiber, a_callable_larger_than_its_stack_is_refused) {
    std::array<char, 16 * 1024> large{};
    EXPECT_THROW((void)fiber<>([large] { (void)large; }, {.stack_bytes = 16 * 1024}), std::bad_alloc);
}

TEST(fiber, threads_have_their_own) {
    std::vector<std::thread> threads;
    std::array<int, 4> sums{};
    for (int& sum : sums) {
        threads.emplace_back([&sum] {
            fiber<int> f([](int n) {
                for (;;) n = this_fiber::parent<int>().switch_to(n + 1);
                return 0;
            });
            for (int i = 0; i < 1000; ++i) sum += f.switch_to(i);
        });
    }
    for (std::thread& t : threads) t.join();
    for (const int sum : sums) EXPECT_EQ(sum, 500'500);
}

}  // namespace
