// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "pubsub.hpp"
#include "store.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mini_redis {

struct client;

/// What one client may make the server remember.
struct limits {
    std::size_t query_bytes = 16 << 20;         ///< the largest request
    std::size_t output_bytes = 64 << 20;        ///< the largest reply, and what may wait for a subscriber to read it
    std::size_t transaction_bytes = 16 << 20;   ///< commands queued by MULTI
    std::size_t subscription_bytes = 1 << 20;   ///< names of channels and patterns
    std::size_t clients = 10'000;
};

/// One parameter as CONFIG GET shows it.
struct setting {
    std::string name, value;
};

struct statistics {
    std::uint64_t connections = 0, commands = 0, rejected = 0, expired = 0;
};

/// Everything a command can reach besides its client: the whole server but for the connections. No sockets, no clock.
struct engine {
    explicit engine(std::uint64_t seed = 0, limits most = {}) : bounds(most), keys(seed), channels(seed) {}

    limits bounds;
    store keys;
    pubsub channels;
    statistics counts;
    std::vector<setting> settings;
    std::vector<client*> clients;  ///< in the order in which they came
    moment started{};
    std::uint16_t port = 0;
};

/// Runs one request of `who` and appends what it replies to `who.out`. Never suspends, never throws for what a client
/// can do. What it publishes goes out with the next channels.send_messages().
void execute(engine& server, client& who, const arguments& args);

}  // namespace mini_redis
