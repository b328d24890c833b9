// SPDX-License-Identifier: Apache-2.0
// An event: who waits goes on once it has been set, even if it was cleared since.
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

namespace stress {

namespace {

class event_place final : public place {
public:
    using place::place;

    weft::task<> visit(visitor) override {
        switch (world_.chance().roll(4)) {
            case 0: set(); break;
            case 1: event_.clear(); break;
            case 2: {
                const auto first = co_await weft::select(event_.wait(), weft::sleep(world_.a_while()));
                static_cast<void>(first);
                break;
            }
            default: {
                const presence<> here(waiting_);
                const bool was_set = event_.is_set();
                const unsigned times = times_set_;
                co_await event_.wait();
                require(was_set || times_set_ != times, "event: a task goes on, and it was not set");
            }
        }
    }
    weft::task<> help() override {
        set();
        if (world_.chance().one_in(2)) event_.clear();
        co_return;
    }

    void check_at_rest() const override {
        require(!event_.is_set() || waiting_ == 0, "event: it is set, and tasks wait for it");
    }
    void check_at_end() override { require_equal(waiting_, 0, "event: tasks that wait at the end"); }

private:
    void set() {
        event_.set();
        ++times_set_;
    }

    weft::event event_;
    unsigned times_set_ = 0;
    int waiting_ = 0;
};

}  // namespace

void add_events(places& p, world& w) { p.push_back(std::make_unique<event_place>(w)); }

}  // namespace stress
