// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/connection_link.hpp"
#include "net/bound_socket.hpp"
#include "net/listener.hpp"

#include <weft/coro/frame_memory.hpp>
#include <weft/io/stream.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>
#include <weft/net/server.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace weft::inline v0 {

/// What a server and its connections share: the listeners, the handler, and who is still being served.
class server_core final : public loop_resource, public accept_sink, public std::enable_shared_from_this<server_core> {
public:
    /// @throws std::invalid_argument  options that make no sense
    server_core(event_loop& loop, connection_handler handler, const server_options& options);
    ~server_core() { close(); }

    void add(bound_socket socket);
    /// @throws invalid_state_error  it is closed; std::system_error
    void start_serving();
    void close() noexcept;
    /// Closes it; what is left when drain_timeout is over is cancelled.
    void drain() noexcept;
    void cancel_connections();
    void close_clients();
    void abort_clients();
    void loop_closes() noexcept override;

    event_loop& loop() const noexcept { return loop_; }
    bool is_closed() const noexcept { return listeners_.empty(); }
    bool is_serving() const noexcept { return serving_ && !is_closed(); }
    std::size_t connections() const noexcept { return connection_count_; }
    const std::vector<std::unique_ptr<listener>>& listeners() const noexcept { return listeners_; }
    /// Done when it is closed and the last connection has ended.
    const future<>& ended() const noexcept { return ended_; }

    /// A task is in serve_forever(). @throws invalid_state_error  it is closed, or another one is
    class serving_forever;

private:
    /// A connection's place among those being served. A parameter of its task, so that it goes with the task even if that
    /// is cancelled before it has begun.
    struct connection : list_node, recycled {
        connection(server_core& s, stream_core& connected) noexcept : server(s), link(connected) {
            server.connections_.push_back(*this);
            if (server.connection_count_++ == 0) server.served_ = server.shared_from_this();
        }
        ~connection() {
            unlink();
            // The last one keeps the server until it has noted its end.
            const auto kept = --server.connection_count_ == 0 ? std::move(server.served_) : nullptr;
            server.note_end();
        }
        server_core& server;
        task_core* task = nullptr;
        connection_link link;
    };
    /// A connection that was accepted when there was no room for it any more.
    struct held_connection {
        unique_fd socket;
        bool is_tcp;
    };

    void on_accepted(listener& from, unique_fd accepted) override;
    bool has_room() const noexcept { return connection_count_ < *options_.max_connections; }
    void hold(unique_fd socket, bool is_tcp) noexcept;
    void begin_to_serve(unique_fd socket, bool is_tcp) noexcept;
    void use_room() noexcept;
    void note_end() noexcept;
    void end_clients(void (connection_link::*how)() const);
    void report_handler(const connection& of, const std::exception& thrown);
    task<> secure(stream& s) const;
    static task<> serve(std::unique_ptr<connection> place, stream s);
    static task<> serve_over_tls(std::unique_ptr<connection> place, stream s);

    event_loop& loop_;
    connection_handler handler_;
    server_options options_;
    std::vector<std::unique_ptr<listener>> listeners_;
    std::deque<held_connection> held_;  // at most one of each listener but the first
    intrusive_list<connection> connections_;
    std::size_t connection_count_ = 0;
    std::shared_ptr<server_core> served_;  // itself, while there are connections
    future<> ended_;
    owned_timer<server_core, &server_core::cancel_connections> drain_timer_;
    bool serving_ = false, serving_forever_ = false, draining_ = false;
};

class server_core::serving_forever {
public:
    explicit serving_forever(server_core& core);
    serving_forever(const serving_forever&) = delete;
    serving_forever& operator=(const serving_forever&) = delete;
    ~serving_forever() { core_.serving_forever_ = false; }

private:
    server_core& core_;
};

}  // namespace weft::inline v0
