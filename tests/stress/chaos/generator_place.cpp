// SPDX-License-Identifier: Apache-2.0
// Async generators: read to the end, closed, dropped, failing; none stays open.
#include "stress/chaos/mishap.hpp"
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

namespace stress {

namespace {

class generator_place final : public place {
public:
    explicit generator_place(world& w) noexcept : place(w, kind::nested) {}

    weft::task<> visit(visitor v) override {
        switch (world_.chance().roll(5)) {
            case 0: return read_all(v);
            case 1: return close_by_context(v);
            case 2: return close_by_hand(v);
            case 3: return raise_into(v);
            default: return drop(v);
        }
    }
    void check_at_end() override { require_equal(open_, 0, "async generators that are open at the end"); }

private:
    using numbers = weft::async_generator<int>;

    numbers count(visitor v, presence<>) {
        bool closing = false;
        for (int i = 0; i < last && !closing; ++i) {
            if (world_.chance().one_in(3)) {
                co_await world_.visit_somewhere(v.deeper());
            } else {
                co_await world_.pass_time();
            }
            try {
                co_yield i;
            } catch (const weft::generator_exit&) {
                closing = true;
            }
        }
        if (closing) co_await world_.pass_time();
    }
    numbers count(visitor v) { return count(v, presence<>(open_)); }

    /// Reads up to `n` numbers.
    static weft::task<> read(numbers& g, int n) {
        for (int i = 0; i < n; ++i) {
            const auto number = co_await g.next();
            require(number && *number == i, "async generator: a number is missing, or comes out of order");
        }
    }

    weft::task<> read_all(visitor v) {
        numbers g = count(v);
        co_await read(g, last);
        require(!co_await g.next(), "async generator: it gives more than it has");
        require(g.done(), "async generator: it has ended, and is not done");
    }
    weft::task<> close_by_context(visitor v) {
        const int n = some();
        co_await weft::with(weft::closing(count(v)), [n](numbers& g) { return read(g, n); });
    }
    weft::task<> close_by_hand(visitor v) {
        numbers g = count(v);
        co_await read(g, some());
        co_await g.close();
        require(g.done(), "async generator: it was closed, and is not done");
    }
    weft::task<> raise_into(visitor v) {
        numbers g = count(v);
        co_await read(g, 1);
        bool failed = false;
        try {
            co_await g.raise(mishap());
        } catch (const mishap&) {
            failed = true;
        }
        require(failed && g.done(), "async generator: what was raised in it did not come out");
    }
    weft::task<> drop(visitor v) {
        numbers g = count(v);
        co_await read(g, some());
    }

    int some() { return static_cast<int>(world_.chance().roll(last)); }

    static constexpr int last = 4;
    int open_ = 0;
};

}  // namespace

void add_generators(places& p, world& w) { p.push_back(std::make_unique<generator_place>(w)); }

}  // namespace stress
