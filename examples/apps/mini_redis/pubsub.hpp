// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reply.hpp"
#include "seeded_hash.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace mini_redis {

struct client;

/// Who listens to what. Delivering only appends to the listeners' own buffers and notes whom there is something to send
/// to; they send it when whoever published is done with its batch of commands. So a hundred messages published
/// in one pipeline are one write per subscriber, and nothing here waits for a slow one.
class pubsub {
public:
    enum class kind { channel, pattern };

    explicit pubsub(std::uint64_t seed) : topics_{table(0, seeded_hash(seed)), table(0, seeded_hash(seed))} {}

    /// @return false if `who` listens already
    bool subscribe(client& who, kind k, std::string_view name);
    /// @return false if `who` does not listen
    bool unsubscribe(client& who, kind k, std::string_view name);
    /// Forgets a client that goes away.
    void remove(client& who);

    /// @param publisher  gets its own messages in the middle of its replies, where they happened
    /// @return how many deliveries it made
    std::size_t publish(std::string_view channel, std::string_view message, client& publisher);

    /// Has every client that something was published for since the last call send it.
    void send_messages();

    std::size_t channels() const noexcept { return topics_[0].size(); }
    std::size_t patterns() const noexcept { return topics_[1].size(); }

private:
    using listeners = std::vector<client*>;
    using table = string_map<listeners>;

    std::size_t deliver(const listeners& to, client& publisher);

    table topics_[2];  // by kind; no list of listeners is empty
    reply message_;
    std::vector<client*> recipients_;
};

}  // namespace mini_redis
