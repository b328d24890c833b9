// SPDX-License-Identifier: Apache-2.0
#include <weft/sync/channel.hpp>

namespace weft::inline v0 {

const wait_kind channel_core::send_kind_ = {.name = "channel send", .cancel = &line_waiter::cancel};
const wait_kind channel_core::receive_kind_ = {.name = "channel receive", .cancel = &line_waiter::cancel};

void channel_core::close() {
    check_caller("channel: close()");
    if (closed_) throw channel_closed("channel: close() of a closed channel");
    closed_ = true;
    // Else they go on waiting: somebody to whom a value is promised may not come.
    if (receivers_.chosen() == 0) receivers_.serve_all();
    senders_.serve_all();
}

void channel_core::refuse_send() { throw channel_closed("channel: send on a closed channel"); }

}  // namespace weft::inline v0
