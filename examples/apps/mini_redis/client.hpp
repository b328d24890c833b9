// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pubsub.hpp"
#include "reply.hpp"
#include "transaction.hpp"
#include "value.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mini_redis {

/// What the server knows of one client. Commands work on this alone, and so do their tests; a session adds the
/// connection.
struct client {
    explicit client(std::uint64_t number, std::size_t reply_limit_bytes = 64 << 20)
        : id(number), out(reply_limit_bytes), messages(reply_limit_bytes) {}
    client(const client&) = delete;  // others hold its address: who publishes, who lists clients
    client& operator=(const client&) = delete;
    virtual ~client() = default;

    /// Sends what stands in `messages`, without waiting.
    virtual void send_messages() {}

    std::uint64_t id;
    std::string name;
    std::string address, local_address;
    std::string_view last_command = "NULL";
    moment connected{}, active{};

    reply out;       ///< replies to its commands
    reply messages;  ///< published for it while others ran commands

    transaction multi;
    string_set subscriptions[2];         ///< by pubsub::kind
    std::size_t subscription_bytes = 0;  ///< what remembering them costs, roughly

    bool has_messages = false;  ///< stands in pubsub's list of those to send to
    bool lagging = false;       ///< did not read what was published for it: gets no more, is to be disconnected
    bool closing = false;       ///< to be disconnected once its replies are sent

    std::size_t subscribed() const noexcept { return subscriptions[0].size() + subscriptions[1].size(); }
};

}  // namespace mini_redis
