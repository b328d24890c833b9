// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/sync/loop_bound.hpp>

#include <string>

namespace weft::inline v0 {

void loop_bound::make_bond(event_loop& loop) noexcept {
    bond_.is_made = true;
    bond_.checks_callers = loop.get_debug();
    bond_.loop = &loop;
    loop.attach(bond_);
}

void loop_bound::check_thread(const char* what) const {
    if (!bond_.loop || !bond_.loop->is_running() || event_loop::current() == bond_.loop) return;
    throw invalid_state_error(std::string(what) +
                              " was called outside the thread of the event loop that it is bound to: "
                              "use loop.call_soon_threadsafe()");
}

}  // namespace weft::inline v0
