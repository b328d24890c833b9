// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

namespace mini_redis {

void multi(context& c) {
    if (c.self.multi.is_open()) return c.out.error("ERR MULTI calls can not be nested");
    c.self.multi.open();
    c.out.ok();
}

void discard(context& c) {
    if (!c.self.multi.is_open()) return c.out.error("ERR DISCARD without MULTI");
    c.self.multi.close();
    c.out.ok();
}

// Nobody comes in between because nothing here suspends: a transaction needs no lock on a loop of one thread.
void exec(context& c) {
    transaction& queue = c.self.multi;
    if (!queue.is_open()) return c.out.error("ERR EXEC without MULTI");
    if (queue.is_broken()) {
        queue.close();
        return c.out.error("EXECABORT Transaction discarded because of previous errors.");
    }
    c.out.array(queue.commands().size());
    for (const transaction::queued& each : queue.commands())
        run_command(c.server, c.self, *each.what, queue.args(each));
    queue.close();
}

}  // namespace mini_redis
