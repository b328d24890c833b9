// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "program.hpp"

#include <weft/sync/barrier.hpp>
#include <weft/sync/bounded_semaphore.hpp>
#include <weft/sync/condition.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/lifo_queue.hpp>
#include <weft/sync/lock.hpp>
#include <weft/sync/priority_queue.hpp>
#include <weft/sync/queue.hpp>
#include <weft/sync/semaphore.hpp>

#include <deque>
#include <exception>
#include <variant>
#include <vector>

namespace differential {

using any_queue = std::variant<weft::queue<number>, weft::lifo_queue<number>, weft::priority_queue<number>>;

/// The locks and the like of one program.
struct synchronisers {
    explicit synchronisers(const program& p);

    std::deque<weft::lock> locks;
    std::deque<weft::event> events;
    std::deque<weft::condition> conditions;
    std::vector<number> counters;  // what is waited for with the conditions
    std::deque<weft::semaphore> semaphores;
    std::deque<weft::bounded_semaphore> bounded_semaphores;
    std::deque<weft::barrier> barriers;
    std::deque<any_queue> queues;
};

/// What an error of these is called in the logs; null for other errors.
const char* name_of_sync_error(const std::exception_ptr& error);

}  // namespace differential
