// SPDX-License-Identifier: Apache-2.0
// Tasks and who waits for them: gather, race, wait, as_completed, shield and an awaited handle.
#include "stress/chaos/mishap.hpp"
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

#include <memory>
#include <vector>

namespace stress {

namespace {

class joining_place final : public place {
public:
    explicit joining_place(world& w) noexcept : place(w, kind::crowded) {}

    weft::task<> visit(visitor v) override {
        try {
            co_await join_somehow(v);
        } catch (const mishap&) {
        } catch (const weft::timeout_error&) {
        }
    }
    void check_at_end() override {}

private:
    using handles = std::vector<weft::task_handle<int>>;

    weft::task<> join_somehow(visitor v) {
        switch (world_.chance().roll(9)) {
            case 0: return gather_two(v);
            case 1: return settle_two(v);
            case 2: return race_two(v);
            case 3: return wait_for_some(v);
            case 4: return take_as_completed(v);
            case 5: return shield_one(v);
            case 6: return await_one(v);
            case 7: return weave_two(v);
            default: return leave_one_behind(v);
        }
    }

    weft::task<> gather_two(visitor v) {
        const auto [a, b] = co_await weft::gather(world_.child(v, 1), world_.child(v, 2));
        require(a == 1 && b == 2, "gather: the results are not those of the tasks");
    }

    weft::task<> settle_two(visitor v) {
        const auto [a, b] = co_await weft::gather_settled(world_.child(v, 1), world_.child(v, 2));
        require(is_fit(a, 1) && is_fit(b, 2), "gather_settled: the outcomes are not those of the tasks");
    }
    static bool is_fit(const weft::outcome<int>& o, int number) {
        return o ? o.value() == number : o.failed_with<mishap>() || o.failed_with<weft::cancelled_error>();
    }

    weft::task<> race_two(visitor v) {
        const auto running = std::make_shared<int>(0);
        std::exception_ptr error;
        try {
            const auto won = co_await weft::race(runner(v, 0, running, presence<>(*running)),
                                                 runner(v, 1, running, presence<>(*running)));
            const int number = won.index() == 0 ? std::get<0>(won) : std::get<1>(won);
            require_equal(number, static_cast<int>(won.index()), "race: the winner's result");
        } catch (...) {
            error = std::current_exception();
        }
        require_equal(*running, 0, "race: tasks that run on");
        if (error) std::rethrow_exception(error);
    }
    weft::task<int> runner(visitor v, int number, std::shared_ptr<int>, presence<>) {
        co_return co_await world_.child(v, number);
    }

    weft::task<> wait_for_some(visitor v) {
        weft::wait_options options{.return_when = static_cast<weft::return_when>(world_.chance().roll(3))};
        if (world_.chance().one_in(2)) options.timeout = world_.a_while();
        const handles all = create(v, 3);
        const auto [done, pending] = co_await weft::wait(all, options);
        require_equal(static_cast<long long>(done.size() + pending.size()), 3, "wait: handles");
        for (const auto& h : done) require(h.done(), "wait: one that is not done is said to be");
        for (const auto& h : pending) require(!h.done(), "wait: one that is done is said not to be");
        require(options.timeout || !done.empty(), "wait: it has ended before its time");
        if (!options.timeout && options.return_when == weft::all_completed)
            require(pending.empty(), "wait: it has ended before all have");
        if (world_.chance().one_in(2)) cancel(pending);
    }

    weft::task<> take_as_completed(visitor v) {
        std::optional<weft::clock::duration> limit;
        if (world_.chance().one_in(3)) limit = world_.a_while();
        auto next = weft::as_completed(create(v, 3), limit);
        int taken = 0;
        while (const auto h = co_await next.next()) {
            require(h->done(), "as_completed: one that is not done was given");
            ++taken;
            if (world_.chance().one_in(6)) co_return;
        }
        require_equal(taken, 3, "as_completed: handles");
    }

    weft::task<> shield_one(visitor v) {
        const auto h = weft::create_task(world_.child(v, 3));
        if (world_.chance().one_in(2)) {
            require_equal(co_await weft::wait_for(weft::shield(h), world_.a_while()), 3, "shield: the result");
        } else {
            require_equal(co_await weft::shield(h), 3, "shield: the result");
        }
    }

    weft::task<> await_one(visitor v) {
        const auto h = weft::create_task(world_.child(v, 4), {.eager_start = world_.chance().one_in(2)});
        require_equal(co_await h, 4, "the result of an awaited handle");
    }

    /// A handle is selectable: one that loses runs on.
    weft::task<> weave_two(visitor v) {
        const auto a = weft::create_task(world_.child(v, 5)), b = weft::create_task(world_.child(v, 6));
        const auto first = co_await weft::select(a, b, weft::sleep(world_.a_while()));
        if (first.index() == 0) require_equal(std::get<0>(first), 5, "select: the result");
        if (first.index() == 1) require_equal(std::get<1>(first), 6, "select: the result");
        if (world_.chance().one_in(2)) cancel({a, b});
    }

    weft::task<> leave_one_behind(visitor v) {
        weft::spawn(world_.child(v, 7));
        co_await world_.pass_time();
    }

    handles create(visitor v, int n) {
        handles all;
        for (int i = 0; i < n; ++i) all.push_back(weft::create_task(world_.child(v, i)));
        return all;
    }
    static void cancel(const handles& some) {
        for (const auto& h : some) h.cancel();
    }
};

}  // namespace

void add_joins(places& p, world& w) { p.push_back(std::make_unique<joining_place>(w)); }

}  // namespace stress
