// SPDX-License-Identifier: Apache-2.0
#include "../synchronisers.hpp"
#include "../world.hpp"

#include <weft/flow/with.hpp>

// Locks and the like, as in synchronising.py. What is held for a block is held by a guard or by with(), as the site has it.

namespace differential {

namespace {

void add_queue(std::deque<any_queue>& queues, number n) {
    const auto maxsize = static_cast<std::size_t>(n / 3 % 3);
    switch (n % 3) {
        case 0: queues.emplace_back(std::in_place_type<weft::queue<number>>, maxsize); break;
        case 1: queues.emplace_back(std::in_place_type<weft::lifo_queue<number>>, maxsize); break;
        default: queues.emplace_back(std::in_place_type<weft::priority_queue<number>>, maxsize);
    }
}

}  // namespace

synchronisers::synchronisers(const program& p)
    : locks(p.locks.size()), events(p.events.size()), conditions(p.conditions.size()), counters(p.conditions.size()) {
    for (const number n : p.queues) add_queue(queues, n);
    for (const number n : p.barriers) barriers.emplace_back(n);
    for (const number n : p.semaphores) semaphores.emplace_back(n);
    for (const number n : p.bounded_semaphores) bounded_semaphores.emplace_back(n);
}

const char* name_of_sync_error(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const weft::broken_barrier_error&) {
        return "broken";
    } catch (const weft::queue_empty&) {
        return "empty";
    } catch (const weft::queue_full&) {
        return "full";
    } catch (const weft::queue_shut_down&) {
        return "shut down";
    } catch (...) {
        return nullptr;
    }
}

namespace {

template <class Lock>
weft::task<bool> holding(body& b, const statement& s, Lock& lock, const char* told) {
    if (s.site % 2) {
        const auto held = co_await lock.acquire();
        b.log(s.site, told);
        co_return co_await b.block(s.blocks[0]);
    }
    co_return co_await with(lock, [&]() -> weft::task<bool> {
        b.log(s.site, told);
        co_return co_await b.block(s.blocks[0]);
    });
}

weft::task<bool> lock(body& b, const statement& s) { return holding(b, s, b.around.sync->locks[s.which()], "locked"); }

weft::task<bool> semaphore(body& b, const statement& s) {
    return holding(b, s, b.around.sync->semaphores[s.which()], "has permit");
}

weft::task<bool> bounded_semaphore(body& b, const statement& s) {
    return holding(b, s, b.around.sync->bounded_semaphores[s.which()], "has permit");
}

weft::task<bool> condition(body& b, const statement& s) {
    return holding(b, s, b.around.sync->conditions[s.which()], "locked");
}

void semaphore_release(world& w, const std::string& who, const statement& s) {
    w.sync->semaphores[s.which()].release();
    w.log(who, s.site, "releases");
}

weft::task<bool> event_wait(body& b, const statement& s) {
    co_await b.around.sync->events[s.which()].wait();
    b.log(s.site, "event came");
    co_return false;
}

void event_set(world& w, const std::string& who, const statement& s) {
    w.sync->events[s.which()].set();
    w.log(who, s.site, "sets event");
}

void event_clear(world& w, const std::string& who, const statement& s) {
    w.sync->events[s.which()].clear();
    w.log(who, s.site, "clears event");
}

void look_at_locks(world& w, const std::string& who, const statement& s) {
    std::string seen;
    for (const auto& one : w.sync->locks) seen += one.locked() ? " 1" : " 0";
    for (const auto& one : w.sync->semaphores) seen += one.locked() ? " 1" : " 0";
    for (const auto& one : w.sync->bounded_semaphores) seen += one.locked() ? " 1" : " 0";
    for (const auto& one : w.sync->events) seen += one.is_set() ? " 1" : " 0";
    w.log(who, s.site, "sees" + seen);
}

weft::task<bool> condition_wait(body& b, const statement& s) {
    co_await b.around.sync->conditions[s.which()].wait();
    b.log(s.site, "notified");
    co_return false;
}

weft::task<bool> condition_wait_for(body& b, const statement& s) {
    const number& seen = b.around.sync->counters[s.which()];
    const number wanted = s.numbers[1];
    co_await b.around.sync->conditions[s.which()].wait_for([&] { return seen >= wanted; });
    b.log(s.site, "has seen it");
    co_return false;
}

void condition_notify(world& w, const std::string& who, const statement& s) {
    ++w.sync->counters[s.which()];
    if (s.numbers[1]) {
        w.sync->conditions[s.which()].notify(static_cast<std::size_t>(s.numbers[1]));
    } else {
        w.sync->conditions[s.which()].notify_all();
    }
    w.log(who, s.site, "notifies");
}

weft::task<bool> barrier_wait(body& b, const statement& s) {
    b.log(s.site, "passes as " + text(co_await b.around.sync->barriers[s.which()].wait()));
    co_return false;
}

weft::task<bool> barrier_reset(body& b, const statement& s) {
    co_await b.around.sync->barriers[s.which()].reset();
    b.log(s.site, "resets");
    co_return false;
}

weft::task<bool> barrier_abort(body& b, const statement& s) {
    co_await b.around.sync->barriers[s.which()].abort();
    b.log(s.site, "aborts");
    co_return false;
}

void look_at_barrier(world& w, const std::string& who, const statement& s) {
    const weft::barrier& seen = w.sync->barriers[s.which()];
    w.log(who, s.site, "sees " + text(seen.n_waiting()) + " broken " + text(static_cast<int>(seen.broken())));
}

}  // namespace

vocabulary synchronising_words() {
    return {.actions = {{"semaphore_release", semaphore_release},
                        {"event_set", event_set},
                        {"event_clear", event_clear},
                        {"look_at_locks", look_at_locks},
                        {"condition_notify", condition_notify},
                        {"look_at_barrier", look_at_barrier}},
            .activities = {{"lock", lock},
                           {"semaphore", semaphore},
                           {"bounded_semaphore", bounded_semaphore},
                           {"condition", condition},
                           {"event_wait", event_wait},
                           {"condition_wait", condition_wait},
                           {"condition_wait_for", condition_wait_for},
                           {"barrier_wait", barrier_wait},
                           {"barrier_reset", barrier_reset},
                           {"barrier_abort", barrier_abort}}};
}

}  // namespace differential
