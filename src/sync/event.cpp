// SPDX-License-Identifier: Apache-2.0
#include <weft/sync/event.hpp>

namespace weft::inline v0 {

const wait_kind event::awaiter::kind_ = {.name = "event", .cancel = &line_waiter::cancel};

task<> event::awaiter::waiting(line_link at, event& e) {
    at.require();
    co_await awaiter(e, at.kind());
}

}  // namespace weft::inline v0
