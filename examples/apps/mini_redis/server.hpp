// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine.hpp"
#include "options.hpp"

#include <weft/weft.hpp>

#include <string_view>

namespace mini_redis {

class session;

/// Ties the engine to the world: to connections, to the clock, and to one timer for the keys that expire.
class redis_server {
public:
    /// @param seed  see store
    redis_server(const options& chosen, std::uint64_t seed);
    redis_server(const redis_server&) = delete;
    redis_server& operator=(const redis_server&) = delete;
    ~redis_server() { expiry_timer_.cancel(); }

    /// Starts to listen. @throws std::system_error  the address is in use, …
    weft::task<> start();
    std::uint16_t port() const { return state_.port; }
    /// Stops accepting, answers what clients have sent, disconnects them. Done within a few seconds, whatever they do.
    weft::task<> stop();

    // For sessions

    engine& state() noexcept { return state_; }
    void add(session& s);
    void remove(session& s);
    /// Before a batch of commands: they all see the same time.
    void look_at_clock();
    /// After a batch of commands: sends what they published, and sets the timer to the next key that expires.
    void after_commands();
    /// A line for the operator, on stderr.
    void log(std::string_view who, std::string_view what) const;

private:
    weft::task<> serve(weft::stream connection);
    weft::task<> turn_away(weft::stream connection);
    void set_expiry_timer();

    options options_;
    engine state_;
    std::optional<weft::server> listener_;
    weft::timer_handle expiry_timer_;
    moment expiry_timer_at_ = never;  // when it fires: at the next expiry or earlier
};

}  // namespace mini_redis
