// SPDX-License-Identifier: Apache-2.0
#include "stress/chaos/world.hpp"

#include "stress/chaos/mishap.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

#include <algorithm>
#include <cstdio>

namespace stress {

world::world(const settings& s) : dice_(s.seed), settings_(s) {
    add_locks(places_, *this);
    add_semaphores(places_, *this);
    add_events(places_, *this);
    add_conditions(places_, *this);
    add_barriers(places_, *this);
    add_queues(places_, *this);
    add_channels(places_, *this);
    add_deadlines(places_, *this);
    add_scopes(places_, *this);
    add_groups(places_, *this);
    add_joins(places_, *this);
    add_futures(places_, *this);
    add_generators(places_, *this);
    if (dice_.one_in(2)) leave_few_places();
}

/// Where there is little choice it gets crowded, and what is rare elsewhere is not. One place at least is for everybody.
void world::leave_few_places() {
    dice_.shuffle(places_);
    const auto plain = std::ranges::find(places_, place::kind::plain, [](const auto& p) { return p->what(); });
    std::swap(*plain, places_.front());
    places_.resize(1 + dice_.roll(4));
}

std::chrono::nanoseconds world::a_while() noexcept {
    switch (dice_.roll(4)) {
        case 0: return std::chrono::nanoseconds(0);
        case 1: return settings_.unit;  // often the same: things fall on the same instant
        case 2: return settings_.unit * dice_.roll(10);
        default: return settings_.unit / (1 + dice_.roll(10));
    }
}

weft::task<> world::pass_time() {
    if (dice_.one_in(2)) {
        co_await weft::yield_now();
    } else {
        co_await weft::sleep(a_while());
    }
}

weft::task<> world::visit_somewhere(visitor v) {
    const bool deep = v.depth >= 3;
    while (!over_) {
        place& p = *places_[dice_.roll(places_.size())];
        if (p.what() == place::kind::crowded && (deep || v.obedient)) continue;
        if (p.what() == place::kind::nested && deep) continue;
        ++visits;
        co_return co_await p.visit(v);
    }
}

weft::task<int> world::visit_as_child(visitor parent, int number, presence<>) {
    co_await visit_somewhere(parent.deeper());
    if (dice_.one_in(5)) throw mishap();
    co_return number;
}

actor& world::create_actor() {
    actor& a = actors_.emplace_back();
    a.obedient = dice_.one_in(2);
    a.visits_left = 1 + static_cast<int>(dice_.roll(12));
    a.handle = weft::create_task(act(*this, a, presence<>(present_)),
                                 {.name = "actor " + std::to_string(actors_.size()), .eager_start = dice_.one_in(4)});
    return a;
}

weft::task<> world::rest() {
    co_await weft::sleep(settings_.rest);
    if (!settings_.rests) co_return;
    for (const auto& p : places_) p->check_at_rest();
}

weft::task<> world::help_everywhere() {
    for (const auto& p : places_) co_await p->help();
}

weft::task<> world::until_all_are_gone() {
    for (int patience = 60'000; weft::all_tasks().size() > 1; --patience) {
        if (patience == 0) {
            for (const auto& t : weft::all_tasks()) {
                std::fprintf(stderr, "%s, asked to end %u times\n", t.name().c_str(), t.cancelling());
                t.print_stack();
            }
            fail("tasks are left that wait for something that does not come");
        }
        co_await rest();
        co_await help_everywhere();
    }
}

void world::check_at_end() {
    require_equal(present_, 0, "actors that are left");
    require_equal(children_, 0, "children that are left");
    for (const actor& a : actors_) check_end(a);
    for (const auto& p : places_) p->check_at_end();
}

void world::hear(const weft::error_context& report) {
    if (settings_.is_torn_down && report.message == "Task was destroyed but it is pending") return;
    try {
        if (report.exception) std::rethrow_exception(report.exception);
    } catch (const mishap&) {
        return;  // nobody asked after a child that failed
    } catch (const weft::exception_group& errors) {
        if (!errors.split<mishap>().second) return;
    } catch (...) {
    }
    std::string text = "the exception handler was told: " + report.message;
    if (report.exception) text += ": " + weft::describe_exception(report.exception);
    fail(text);
}

}  // namespace stress
