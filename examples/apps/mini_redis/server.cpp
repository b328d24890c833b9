// SPDX-License-Identifier: Apache-2.0
#include "server.hpp"

#include "session.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace mini_redis {

using namespace std::chrono_literals;

redis_server::redis_server(const options& chosen, std::uint64_t seed) : options_(chosen), state_(seed, chosen.bounds) {
    look_at_clock();
    state_.started = state_.keys.now();
}

weft::task<> redis_server::start() {
    listener_ = co_await weft::start_server([this](weft::stream s) { return serve(std::move(s)); }, options_.bind,
                                            options_.port);
    state_.port = listener_->port();
    state_.settings = {
        {"appendonly", "no"},
        {"bind", options_.bind},
        {"databases", "1"},
        {"maxclients", std::to_string(state_.bounds.clients)},
        {"maxmemory", "0"},
        {"maxmemory-policy", "noeviction"},
        {"port", std::to_string(state_.port)},
        {"proto-max-bulk-len", std::to_string(request_parser::max_bulk_bytes)},
        {"save", ""},
        {"timeout", "0"},
    };
}

weft::task<> redis_server::serve(weft::stream connection) {
    if (state_.clients.size() >= state_.bounds.clients) return turn_away(std::move(connection));
    return [](redis_server& self, weft::stream s) -> weft::task<> {
        session one(self, std::move(s));
        co_await one.serve();
    }(*this, std::move(connection));
}

weft::task<> redis_server::turn_away(weft::stream connection) {
    ++state_.counts.rejected;
    co_await connection.write("-ERR max number of clients reached\r\n");
}

// Commands that were sent before the signal came may still be on their way through the kernel, so a few turns of the
// loop go by before connections are ended (turns, not time alone: a loop that is behind has more to read). And a client
// that will not take its replies must not keep the server from ending.
weft::task<> redis_server::stop() {
    listener_->close();
    for (int turn = 0; turn < 20; ++turn) co_await weft::sleep(5ms);
    listener_->cancel_connections();
    const auto patience = weft::get_running_loop().call_later(5s, [this] {
        for (client* each : state_.clients) static_cast<session*>(each)->abort();
    });
    co_await listener_->wait_closed();
    patience.cancel();
}

void redis_server::add(session& s) { state_.clients.push_back(&s); }

void redis_server::remove(session& s) {
    state_.channels.remove(s);
    std::erase(state_.clients, &s);
}

void redis_server::look_at_clock() {
    state_.keys.set_now(std::chrono::time_point_cast<moment::duration>(weft::get_running_loop().time()));
}

void redis_server::after_commands() {
    state_.channels.send_messages();
    if (state_.keys.next_expiry() < expiry_timer_at_) set_expiry_timer();
}

// One timer serves all keys. It is moved only to fire earlier; if that turns out to be too early, it is set again.
void redis_server::set_expiry_timer() {
    expiry_timer_.cancel();
    const moment now = state_.keys.now();
    expiry_timer_at_ = std::min(state_.keys.next_expiry(), now + 24h);  // far deadlines overflow the loop's nanoseconds
    expiry_timer_ = weft::get_running_loop().call_later(expiry_timer_at_ - now + 1ms, [this] {
        constexpr std::size_t most_at_once = 1000;  // then clients have their turn
        expiry_timer_at_ = never;
        look_at_clock();
        state_.counts.expired += state_.keys.remove_expired(most_at_once);
        if (state_.keys.next_expiry() != never) set_expiry_timer();
    });
}

void redis_server::log(std::string_view who, std::string_view what) const {
    std::fprintf(stderr, "mini_redis: %.*s %.*s\n", static_cast<int>(who.size()), who.data(),
                 static_cast<int>(what.size()), what.data());
}

}  // namespace mini_redis
