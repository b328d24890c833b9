// SPDX-License-Identifier: Apache-2.0
#include "loop/loop_remote.hpp"

#include <weft/exec/run_coroutine_threadsafe.hpp>

namespace weft::inline v0 {

void post_to_loop(event_loop& loop, ready_node& node) {
    const auto remote = loop.remote();
    if (!remote->post(node)) throw invalid_state_error("run_coroutine_threadsafe: the event loop is closed");
}

}  // namespace weft::inline v0
