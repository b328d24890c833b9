// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stress/chaos/presence.hpp"

#include <weft/loop/task_handle.hpp>

#include <optional>

namespace stress {

class world;

/// A task that visits one place after another, and what is known of it.
struct actor {
    /// Visits places where a cancellation always arrives, and lets it pass: asked to end, it ends as cancelled.
    bool obedient = false;
    int visits_left = 0;
    std::optional<weft::task_handle<>> handle{};  ///< empty once it was dropped
    unsigned requests = 0;  ///< to be cancelled, less those that were taken back: what cancelling() should say
    bool was_asked = false;
    bool has_ended = false;
};

/// The life of an actor.
weft::task<> act(world& w, actor& a, presence<> here);

/// Asks it to end, and notes that. @return false if it has ended
bool ask_to_end(actor& a);

/// It has ended, or was destroyed: as it should have?
void check_end(const actor& a);

}  // namespace stress
