// SPDX-License-Identifier: Apache-2.0
#include <weft/exec/default_pool.hpp>
#include <weft/exec/thread_pool.hpp>
#include <weft/loop/event_loop.hpp>

#include <memory>

namespace weft::inline v0 {

executor& default_pool(event_loop& loop) {
    if (executor* const present = loop.default_executor()) return *present;
    // Letting go of it never blocks: whoever wants to wait for its calls awaits shutdown_default_executor().
    const auto let_go = [](thread_pool* pool) {
        pool->shutdown({.wait = false});
        delete pool;
    };
    std::shared_ptr<thread_pool> pool(new thread_pool(), let_go);
    loop.set_default_executor(pool);
    return *pool;
}

}  // namespace weft::inline v0
