// SPDX-License-Identifier: Apache-2.0
#include "http/client/client_pool.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace weft::inline v0::http {

struct client_pool::waiting : list_node {
    waiting(client_pool& p, routes::iterator r) noexcept : pool(p), route(r) { ++route->second.waiting; }
    ~waiting() {
        unlink();
        --route->second.waiting;
        if (route->second.places == 0 && route->second.waiting == 0 && !given) pool.routes_.erase(route);
    }

    client_pool& pool;
    routes::iterator route;
    event turn;
    std::optional<client_lease> given;
};

client_pool::idle_connection::idle_connection(client_pool& pool, stream s, routes::iterator r, clock::time_point t)
    : connection(std::move(s)),
      watch(connection,
            [this, weak = pool.weak_from_this()] {
                has_ended = true;
                get_running_loop().call_soon([weak] {
                    if (const auto living = weak.lock()) living->drop_ended();
                });
            }),
      route(r),
      since(t) {}

client_pool::client_pool(client_connections bounds) : bounds_(bounds) {
    bounds_.per_origin = std::max<std::size_t>(bounds_.per_origin, 1);
    bounds_.in_all = std::max<std::size_t>(bounds_.in_all, 1);
}

client_pool::~client_pool() { timer_.cancel(); }

task<client_lease> client_pool::acquire(std::string name) {
    const auto self = shared_from_this();
    const auto route = routes_.try_emplace(std::move(name)).first;
    waiting w(*this, route);
    if (auto lease = take(route)) co_return std::move(*lease);
    line_.push_back(w);
    co_await w.turn.wait();
    co_return std::move(*w.given);
}

/// What there is for that route.
std::optional<client_lease> client_pool::take(routes::iterator route) {
    for (auto i = idle_.end(); i != idle_.begin();) {  // the one used last is the least likely to be closed soon
        if ((--i)->route != route) continue;
        stream& s = i->connection;
        // What comes without having been asked for is the server's farewell, or an attack.
        const bool is_fit = !i->has_ended && s.buffered().empty() && !s.at_eof() && !s.is_closing();
        if (!is_fit) {
            i = drop(i);
            continue;
        }
        std::optional<client_lease> lease(client_lease(shared_from_this(), route, std::move(s)));
        idle_.erase(i);
        return lease;
    }
    if (route->second.places >= bounds_.per_origin) return std::nullopt;
    if (places_ >= bounds_.in_all) {
        if (idle_.empty()) return std::nullopt;
        drop(idle_.begin());
    }
    ++route->second.places;
    ++places_;
    return client_lease(shared_from_this(), route, stream());
}

void client_pool::give_back(routes::iterator route, stream connection) noexcept {
    const bool is_fit = connection && !is_closed_ && bounds_.idle > bounds_.idle.zero() &&
                        connection.buffered().empty() && !connection.at_eof() && !connection.is_closing();
    if (!is_fit || !make_idle(route, connection)) free_place(route);
    try {
        serve_waiting();
    } catch (const std::exception&) {  // the loop has ended, and so have those who waited
    }
}

/// @return false: there is no memory, or no loop any more
bool client_pool::make_idle(routes::iterator route, stream& connection) noexcept {
    try {
        const clock::time_point now = get_running_loop().time();
        if (idle_.empty()) arm(now + bounds_.idle);
        idle_.emplace_back(*this, std::move(connection), route, now);
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

void client_pool::free_place(routes::iterator route) noexcept {
    --places_;
    if (--route->second.places == 0 && route->second.waiting == 0) routes_.erase(route);
}

client_pool::idle_list::iterator client_pool::drop(idle_list::iterator dropped) noexcept {
    const auto route = dropped->route;
    const auto next = idle_.erase(dropped);
    free_place(route);
    return next;
}

void client_pool::serve_waiting() {
    for (auto i = line_.begin(); i != line_.end();) {
        waiting& w = *i;
        ++i;
        if (auto lease = take(w.route)) {
            w.unlink();
            w.given.emplace(std::move(*lease));
            w.turn.set();
        }
    }
}

void client_pool::drop_ended() {
    for (auto i = idle_.begin(); i != idle_.end();) i = i->has_ended ? drop(i) : std::next(i);
    serve_waiting();
}

void client_pool::drop_expired() {
    const auto now = get_running_loop().time();
    while (!idle_.empty() && idle_.front().since + bounds_.idle <= now) drop(idle_.begin());
    serve_waiting();
    if (!idle_.empty()) arm(idle_.front().since + bounds_.idle);
}

void client_pool::arm(clock::time_point when) {
    timer_.cancel();
    event_loop& loop = get_running_loop();
    timer_ = loop.call_later(when - loop.time(), [weak = weak_from_this()] {
        if (const auto pool = weak.lock()) pool->drop_expired();
    });
}

void client_pool::close_idle() noexcept {
    while (!idle_.empty()) drop(idle_.begin());
    timer_.cancel();
}

void client_pool::close() noexcept {
    is_closed_ = true;
    close_idle();
}

client_lease::client_lease(std::shared_ptr<client_pool> pool, client_pool::routes::iterator route, stream s) noexcept
    : pool_(std::move(pool)), route_(route), connection_(std::move(s)), was_used_(connection_) {}

client_lease::client_lease(client_lease&& other) noexcept
    : pool_(std::move(other.pool_)),
      route_(other.route_),
      connection_(std::move(other.connection_)),
      was_used_(other.was_used_) {}

client_lease::~client_lease() { close(); }

void client_lease::set_connection(stream s) noexcept {
    connection_ = std::move(s);
    was_used_ = false;
}

void client_lease::keep() noexcept {
    if (const auto pool = std::exchange(pool_, nullptr)) pool->give_back(route_, std::move(connection_));
}

stream client_lease::take() noexcept {
    if (const auto pool = std::exchange(pool_, nullptr)) pool->give_back(route_, stream());
    return std::move(connection_);
}

void client_lease::close() noexcept {
    if (!pool_) return;
    if (connection_) connection_.abort();
    connection_ = stream();
    take();
}

}  // namespace weft::inline v0::http
