// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stress/chaos/actor.hpp"
#include "stress/chaos/place.hpp"
#include "stress/dice.hpp"

#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>

#include <chrono>
#include <cstdint>
#include <deque>

namespace stress {

/// The actors of one loop and the places where they meet. It outlives the loop.
/// @thread the loop's
class world {
public:
    struct settings {
        std::uint64_t seed;
        std::chrono::nanoseconds unit = std::chrono::milliseconds(1);  ///< what the others are short or long against
        std::chrono::nanoseconds rest = std::chrono::hours(1);  ///< time enough for all that moves by itself
        bool rests = true;  ///< after such a rest really nobody moves
        bool is_torn_down = false;  ///< in the end the loop is closed with all that is in it
    };
    explicit world(const settings& s);

    dice& chance() noexcept { return dice_; }
    places& all_places() noexcept { return places_; }
    std::deque<actor>& actors() noexcept { return actors_; }

    /// How long something takes: nothing, a moment, or up to ten units.
    std::chrono::nanoseconds a_while() noexcept;
    /// Waits so long.
    weft::task<> pass_time();

    /// One visit, to a place that is fit.
    weft::task<> visit_somewhere(visitor v);
    /// What a task of its own may do: it is counted while it lives, makes a visit, and fails with a mishap now and then.
    /// @return awaited: `number`
    weft::task<int> child(visitor parent, int number) { return visit_as_child(parent, number, presence<>(children_)); }

    /// Sets one more actor to work.
    actor& create_actor();
    /// Waits until nobody moves, and looks whether all are right to do so. (Where time is real, that is never certain.)
    weft::task<> rest();
    /// Lets everybody go on who waits for what nobody will do.
    weft::task<> help_everywhere();
    /// Helps until all tasks have ended but the one that calls this.
    weft::task<> until_all_are_gone();
    /// Whatever became of the loop: was everything given back?
    void check_at_end();

    /// What the exception handler of its loop is told. Fails on whatever no test has provoked.
    void hear(const weft::error_context& report);

    bool is_torn_down() const noexcept { return settings_.is_torn_down; }

    /// From now on nobody begins anything, and who is cancelled ends.
    bool is_over() const noexcept { return over_; }
    void end() noexcept { over_ = true; }

    std::uint64_t visits = 0, cancellations = 0;  ///< so far

private:
    weft::task<int> visit_as_child(visitor parent, int number, presence<> here);
    void leave_few_places();

    dice dice_;
    settings settings_;
    bool over_ = false;
    int present_ = 0, children_ = 0;
    std::deque<actor> actors_;
    places places_;
};

/// For `seed`: cancels, abandons, uncancels, helps and creates actors at random moments, for some time.
weft::task<> make_trouble(world& w, int acts);

}  // namespace stress
