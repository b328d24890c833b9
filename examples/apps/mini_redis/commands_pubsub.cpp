// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <string>

namespace mini_redis {

namespace {

using enum pubsub::kind;

// One of these goes out for each name: what was done, to what, and how many subscriptions the client has now.
void confirm(context& c, std::string_view done, std::string_view name) {
    c.out.array(3);
    c.out.bulk(done);
    c.out.bulk(name);
    c.out.integer(static_cast<std::int64_t>(c.self.subscribed()));
}

void listen(context& c, pubsub::kind k) {
    for (std::size_t i = 1; i < c.args.size(); ++i) {
        if (c.self.subscription_bytes + c.args[i].size() > c.server.bounds.subscription_bytes) {
            return c.out.error("ERR subscriptions are larger than ", std::to_string(c.server.bounds.subscription_bytes),
                               " bytes");
        }
        c.server.channels.subscribe(c.self, k, c.args[i]);
        confirm(c, k == channel ? "subscribe" : "psubscribe", c.args[i]);
    }
}

void stop_listening(context& c, pubsub::kind k) {
    const std::string_view done = k == channel ? "unsubscribe" : "punsubscribe";
    const string_set& names = c.self.subscriptions[static_cast<std::size_t>(k)];
    if (c.args.size() == 1 && names.empty()) {
        c.out.array(3);
        c.out.bulk(done);
        c.out.null();
        c.out.integer(static_cast<std::int64_t>(c.self.subscribed()));
    }
    while (c.args.size() == 1 && !names.empty()) {
        const std::string name = *names.begin();
        c.server.channels.unsubscribe(c.self, k, name);
        confirm(c, done, name);
    }
    for (std::size_t i = 1; i < c.args.size(); ++i) {
        c.server.channels.unsubscribe(c.self, k, c.args[i]);
        confirm(c, done, c.args[i]);
    }
}

}  // namespace

void subscribe(context& c) { listen(c, channel); }
void psubscribe(context& c) { listen(c, pattern); }
void unsubscribe(context& c) { stop_listening(c, channel); }
void punsubscribe(context& c) { stop_listening(c, pattern); }

void publish(context& c) {
    c.out.integer(static_cast<std::int64_t>(c.server.channels.publish(c.args[1], c.args[2], c.self)));
}

}  // namespace mini_redis
