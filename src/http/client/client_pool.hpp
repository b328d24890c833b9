// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/coro/task.hpp>
#include <weft/http/client_options.hpp>
#include <weft/io/stream.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/sync/event.hpp>

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace weft::inline v0::http {

class client_lease;

/// The connections of a client: those in use, and those that wait for their next request.
///
/// A connection in use, being made or idle takes a place, of which its route (an origin, and the proxy on the way) and the
/// client have so many. Whoever asks gets an idle connection of the route, else a place, if need be that of the
/// connection which has been idle for longest; else waits. Whenever something is given back those who wait are looked at in
/// their order.
/// Invariant between calls: nobody waits for what there is. So whoever comes may look at once and overtakes nobody.
class client_pool : public std::enable_shared_from_this<client_pool> {
public:
    explicit client_pool(client_connections bounds);
    client_pool(const client_pool&) = delete;
    client_pool& operator=(const client_pool&) = delete;
    ~client_pool();

    /// @param route  what connections are for: only one of the same is used again
    /// @cancel a place that it was given meanwhile is the next one's
    task<client_lease> acquire(std::string route);

    std::size_t connections() const noexcept { return places_; }
    std::size_t idle_connections() const noexcept { return idle_.size(); }
    void close_idle() noexcept;
    /// What comes back from now on is closed.
    void close() noexcept;

private:
    friend class client_lease;
    struct route_state {
        std::size_t places = 0, waiting = 0;
    };
    using routes = std::map<std::string, route_state, std::less<>>;
    /// A connection that nobody uses. It stays where it is.
    struct idle_connection {
        idle_connection(client_pool& pool, stream s, routes::iterator r, clock::time_point t);
        stream connection;
        end_watch watch;
        routes::iterator route;
        clock::time_point since;
        bool has_ended = false;
    };
    using idle_list = std::list<idle_connection>;
    /// One who waits. It lies in its frame; what it has been given goes back with that.
    struct waiting;

    std::optional<client_lease> take(routes::iterator route);
    void give_back(routes::iterator route, stream connection) noexcept;
    bool make_idle(routes::iterator route, stream& connection) noexcept;
    void free_place(routes::iterator route) noexcept;
    idle_list::iterator drop(idle_list::iterator dropped) noexcept;
    void serve_waiting();
    void drop_ended();
    void drop_expired();
    void arm(clock::time_point when);

    client_connections bounds_;
    routes routes_;
    std::size_t places_ = 0;  // of all routes together
    idle_list idle_;  // the one that has been so for longest first
    intrusive_list<waiting> line_;
    timer_handle timer_;
    bool is_closed_ = false;
};

/// A place among a client's connections, and the connection, once there is one. Without keep() it is closed at the end.
class client_lease {
public:
    client_lease(client_lease&& other) noexcept;
    client_lease& operator=(client_lease&&) = delete;
    ~client_lease();

    /// It has served a request before.
    bool was_used() const noexcept { return was_used_; }
    stream& connection() noexcept { return connection_; }
    /// What there was is closed.
    void set_connection(stream s) noexcept;
    /// The request is over, and another may follow: gives it back.
    void keep() noexcept;
    /// Gives the place back without it.
    stream take() noexcept;
    void close() noexcept;

private:
    friend class client_pool;
    client_lease(std::shared_ptr<client_pool> pool, client_pool::routes::iterator route, stream s) noexcept;

    std::shared_ptr<client_pool> pool_;  // null: given back
    client_pool::routes::iterator route_;
    stream connection_;
    bool was_used_;
};

}  // namespace weft::inline v0::http
