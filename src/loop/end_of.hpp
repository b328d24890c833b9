// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/loop/future.hpp>

#include <memory>

namespace weft::inline v0 {

/// Waits for a future, and keeps, from the call on, what that is a part of: the handle by which somebody asks for the end
/// of a server, say, may go before a task of this begins.
inline task<> end_of(std::shared_ptr<const future<>> f) { co_await done_awaiter(f->state()); }

}  // namespace weft::inline v0
