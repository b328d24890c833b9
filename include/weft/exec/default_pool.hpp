// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace weft::inline v0 {

class event_loop;
class executor;

/// The executor on which `loop` has blocking calls made unless another is named: what was set, else a thread_pool of the
/// default size, made now. @throws invalid_state_error  it has been shut down, or the loop is closed
executor& default_pool(event_loop& loop);

}  // namespace weft::inline v0
