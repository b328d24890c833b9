// SPDX-License-Identifier: Apache-2.0
// Calls on threads whose waiting side is cancelled: nothing dangles, nothing is called twice.
#include "stress/chaos/mishap.hpp"
#include "stress/chaos/neighbourhood.hpp"
#include "stress/checking.hpp"
#include "stress/measuring.hpp"

#include <weft/weft.hpp>

#include <thread>

namespace stress {

namespace {

using call_count = presence<std::atomic<int>>;

/// What the threads do.
int work(std::chrono::nanoseconds time, int number, bool fails, call_count) {
    const stopwatch watch;
    while (watch.seconds() < std::chrono::duration<double>(time).count()) std::this_thread::yield();
    if (fails) throw mishap();
    return number;
}

class thread_place final : public place {
public:
    thread_place(world& w, neighbourhood& n) noexcept : place(w, kind::crowded), neighbours_(n) {}

    weft::task<> visit(visitor) override {
        try {
            co_await call_somehow();
        } catch (const mishap&) {
        } catch (const weft::timeout_error&) {
        }
    }
    void check_at_end() override {}  // see neighbourhood::calls

private:
    weft::task<> call_somehow() {
        const auto time = world_.a_while() / 4;
        const bool fails = world_.chance().one_in(6);
        call_count counted(neighbours_.calls);
        int given = 0;
        switch (world_.chance().roll(4)) {
            case 0: given = co_await weft::to_thread(work, time, number, fails, std::move(counted)); break;
            case 1: given = co_await neighbours_.pool.run(work, time, number, fails, std::move(counted)); break;
            case 2:
                given = co_await weft::wait_for(weft::to_thread(work, time, number, fails, std::move(counted)),
                                                world_.a_while());
                break;
            default: {
                const auto f = weft::run_in_executor(neighbours_.pool, work, time, number, fails, std::move(counted));
                co_await world_.pass_time();
                if (world_.chance().one_in(3)) f.cancel();
                given = co_await f;
            }
        }
        require_equal(given, number, "a call on a thread: the result");
    }

    static constexpr int number = 42;
    neighbourhood& neighbours_;
};

}  // namespace

void add_threads(places& p, world& w, neighbourhood& n) { p.push_back(std::make_unique<thread_place>(w, n)); }

}  // namespace stress
