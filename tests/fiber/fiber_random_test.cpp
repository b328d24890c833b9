// SPDX-License-Identifier: Apache-2.0
// Random graphs of switches: fibers that switch to each other, throw, wait in handlers, make and destroy others, are
// thrown into and closed, and all the while keep what is theirs.
#include <weft/base/errors.hpp>
#include <weft/fiber/fiber.hpp>

#include <gtest/gtest.h>

#include <array>
#include <exception>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using weft::fiber;
namespace this_fiber = weft::this_fiber;

/// Something that was thrown in, by its number.
struct thrown_in {
    int number;
};

class graph {
public:
    graph(unsigned seed, std::size_t size) : random_(seed), fibers_(size) {}
    ~graph() {
        closing_ = true;
        fibers_.clear();
    }

    void run(int steps) {
        steps_ = steps;
        while (steps_ > 0) {
            try {
                step_from(fibers_.size());
            } catch (const thrown_in&) {
                ++caught_;
            } catch (const std::runtime_error&) {
                ++caught_;
            }
        }
    }

    int switches() const noexcept { return switches_; }
    int caught() const noexcept { return caught_; }
    int alive() const noexcept { return alive_; }

private:
    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

    struct counts {
        int& alive;
        explicit counts(int& a) : alive(a) { ++alive; }
        counts(const counts&) = delete;
        ~counts() { --alive; }
    };

    int body(std::size_t me, int value) {
        const counts here(alive_);
        std::string mine = std::to_string(me) + " has this, which is too long to be kept in a string itself";
        const std::string copy = mine;
        for (;;) {
            down(me, static_cast<int>(below(8)), value);
            EXPECT_EQ(mine, copy);
            if (below(20) == 0) return value;
            if (below(40) == 0) throw std::runtime_error(mine);
        }
    }

    void down(std::size_t me, int depth, int value) {
        std::array<int, 16> filled;
        filled.fill(static_cast<int>(me));
        if (depth > 0) {
            down(me, depth - 1, value);
        } else if (below(4) == 0) {
            try {
                throw thrown_in{value};
            } catch (const thrown_in& e) {
                const std::exception_ptr before = std::current_exception();
                step_from(me);
                EXPECT_EQ(e.number, value);
                EXPECT_TRUE(before == std::current_exception());
            }
        } else {
            try {
                step_from(me);
            } catch (const thrown_in&) {
                ++caught_;
            }
        }
        for (const int n : filled) EXPECT_EQ(n, static_cast<int>(me));
    }

    /// `me` does one thing to another, or goes back to the root if all has been done.
    void step_from(std::size_t me) {
        const bool is_root = me == fibers_.size();
        if (--steps_ <= 0 || closing_) {
            if (!is_root) root_.switch_to(0);
            return;
        }
        const std::size_t other = below(fibers_.size());
        std::unique_ptr<fiber<int>>& f = fibers_[other];
        if (other == me) return;
        if (!f || f->finished()) {
            f = nullptr;
            f = std::make_unique<fiber<int>>([this, other](int value) { return body(other, value); },
                                             weft::fiber_options{.stack_bytes = 128 * 1024});
            return;
        }
        ++switches_;
        const std::size_t what = below(16);
        try {
            if (what == 0) {
                f = nullptr;
            } else if (what == 1) {
                f->close();
            } else if (what == 2) {
                f->throw_into(thrown_in{static_cast<int>(other)});
            } else {
                f->switch_to(static_cast<int>(what));
            }
        } catch (const std::runtime_error&) {
            ++caught_;  // a body whose parent this is has failed
        }
    }

    std::mt19937 random_;
    weft::fiber_ref<int> root_ = this_fiber::ref<int>();
    std::vector<std::unique_ptr<fiber<int>>> fibers_;
    bool closing_ = false;
    int steps_ = 0, switches_ = 0, caught_ = 0, alive_ = 0;
};

TEST(fiber_random, graphs_of_switches_keep_everyones_own) {
    int switches = 0, caught = 0;
    for (unsigned seed = 0; seed < 40; ++seed) {
        SCOPED_TRACE(seed);
        int alive = 0;
        {
            graph g(seed, 2 + seed % 30);
            g.run(1000);
            switches += g.switches();
            caught += g.caught();
            alive = g.alive();
            EXPECT_LE(alive, 31);
        }
        EXPECT_FALSE(std::current_exception());
        EXPECT_EQ(std::uncaught_exceptions(), 0);
    }
    EXPECT_GT(switches, 10'000);
    EXPECT_GT(caught, 500);
}

}  // namespace
