// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/sync/basic_queue.hpp>
#include <weft/sync/ring_buffer.hpp>

#include <cstddef>

namespace weft::inline v0 {

/// First in, first out, between the tasks of one loop.
///
///     queue<request> waiting{100};
///     co_await waiting.put(r);                  // in one task
///     request next = co_await waiting.get();    // in another
///
/// Its verbs are those of basic_queue, join() and task_done() among them. Its memory grows as it must and is kept.
/// @see asyncio.Queue
template <class T>
class queue : public basic_queue<ring_buffer<T>> {
public:
    /// @param maxsize  how many items it can have; 0: no limit
    explicit queue(std::size_t maxsize = 0) : basic_queue<ring_buffer<T>>(maxsize) {}
};

}  // namespace weft::inline v0
