// SPDX-License-Identifier: Apache-2.0
#include <weft/sync/event.hpp>

namespace weft::inline v0 {

const wait_kind event::awaiter::kind_ = {.name = "event", .cancel = &line_waiter::cancel};

task<> event::awaiter::waiting(event& e, const wait_kind& kind) { co_await awaiter(e, kind); }

}  // namespace weft::inline v0
