// SPDX-License-Identifier: Apache-2.0
#include "net/server_core.hpp"

#include "io/socket_layer.hpp"
#include "io/stream_core.hpp"
#include "io/stream_handover.hpp"
#include "loop/report.hpp"
#include "tls/check_context.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

server_core::server_core(event_loop& loop, connection_handler handler, const server_options& options)
    : loop_(loop), handler_(std::move(handler)), options_(options), ended_(loop), drain_timer_(*this) {
    if (options.limit == 0) throw std::invalid_argument("start_server: limit must be greater than 0");
    if (options.max_connections == 0)
        throw std::invalid_argument("start_server: max_connections must be greater than 0");
    if (options.tls) check_server_context("start_server", *options.tls);
    loop_.attach(*this);
}

void server_core::add(bound_socket socket) {
    listeners_.push_back(
        std::make_unique<listener>(loop_, *this, std::move(socket), options_.max_connections.has_value()));
}

void server_core::start_serving() {
    if (is_closed()) throw invalid_state_error("the server is closed");
    if (serving_) return;
    try {
        for (const auto& l : listeners_) l->start(options_.backlog);
    } catch (...) {
        close();  // not at some addresses alone
        throw;
    }
    serving_ = true;
}

// Connections

void server_core::on_accepted(listener& from, unique_fd accepted) {
    if (!options_.max_connections) return begin_to_serve(std::move(accepted), from.is_tcp());
    const auto kept = shared_from_this();  // who hears that it cannot be served may destroy the server
    if (!has_room()) return hold(std::move(accepted), from.is_tcp());
    begin_to_serve(std::move(accepted), from.is_tcp());
    use_room();
}

void server_core::hold(unique_fd socket, bool is_tcp) noexcept {
    try {
        held_.push_back({std::move(socket), is_tcp});
    } catch (...) {  // no memory: that connection is closed
        report(loop_, "cannot hold a new connection", std::current_exception());
    }
}

void server_core::begin_to_serve(unique_fd socket, bool is_tcp) noexcept {
    try {
        const int on = 1;
        if (is_tcp) ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        stream s(std::make_unique<stream_core>(loop_,
                                               std::make_unique<socket_layer>(loop_.operations(), std::move(socket)),
                                               stream_limits{.read_bytes = options_.limit}));
        auto place = std::make_unique<connection>(*this, stream_handover::core(s));
        connection& here = *place;
        const auto how = options_.tls ? serve_over_tls : serve;
        here.task = &create_task_on(loop_, how(std::move(place), std::move(s)), std::source_location()).core();
    } catch (...) {  // no memory, or no room in the kernel: that connection is closed, the others are served
        report(loop_, "cannot serve a new connection", std::current_exception());
    }
}

/// The handshake's arguments are in no frame that stays as long as the connection.
task<> server_core::secure(stream& s) const { return s.start_tls(*options_.tls); }

/// One connection: the handler, and what it throws.
task<> server_core::serve(std::unique_ptr<connection> place, stream s) {
    place->link.is_with_handler = true;
    try {
        co_await place->server.handler_(std::move(s));
    } catch (const std::exception& e) {
        place->server.report_handler(*place, e);
    }
}

/// The same behind a handshake. (A coroutine of its own: the other's frame is a part of each idle connection.)
task<> server_core::serve_over_tls(std::unique_ptr<connection> place, stream s) {
    try {
        co_await place->server.secure(s);
    } catch (const std::exception&) {
        report(place->server.loop_, "A client's TLS handshake failed", std::current_exception(),
               [&](error_context& c) { c.task = place->task->name(); });
        co_return;
    }
    co_await serve(std::move(place), std::move(s));
}

/// In a handler of what it has thrown.
void server_core::report_handler(const connection& of, const std::exception& thrown) {
    const auto* const failed = dynamic_cast<const std::system_error*>(&thrown);
    if (of.link.is_aborted && failed && failed->code() == std::errc::connection_aborted) return;
    report(loop_, "Unhandled exception in a connection handler", std::current_exception(),
           [&](error_context& c) { c.task = of.task->name(); });
}

/// There may be room below max_connections: for those that wait here, then for those that wait in the kernel.
/// Precondition: something keeps this, as in begin_to_serve()
void server_core::use_room() noexcept {
    while (has_room() && !held_.empty()) {
        held_connection next = std::move(held_.front());
        held_.pop_front();
        begin_to_serve(std::move(next.socket), next.is_tcp);
    }
    if (!has_room() || !is_serving()) return;
    for (const auto& l : listeners_) l->resume();
}

void server_core::note_end() noexcept {
    if (loop_.is_closing()) return;
    if (options_.max_connections) use_room();
    if (!is_closed() || connection_count_ > 0) return;
    drain_timer_.unlink();
    if (!ended_.done()) ended_.set_result();
}

// Ending

void server_core::close() noexcept {
    if (listeners_.empty()) return;
    listeners_.clear();
    held_.clear();
    note_end();
}

void server_core::drain() noexcept {
    close();
    if (std::exchange(draining_, true) || !options_.drain_timeout || connection_count_ == 0) return;
    loop_.add_timer(drain_timer_, deadline_after(loop_.now(), to_nanos(*options_.drain_timeout)));
}

void server_core::cancel_connections() {
    for (connection& c : connections_) {
        if (c.task) c.task->cancel();  // which only makes tasks ready
    }
}

/// Ends each connection by its link; nobody goes on before the loop does. One whose TLS handshake may be under way is its
/// task's alone.
void server_core::end_clients(void (connection_link::*how)() const) {
    for (connection& c : connections_) {
        if (!options_.tls || c.link.is_with_handler) {
            (c.link.*how)();
        } else if (c.task) {
            c.task->cancel();
        }
    }
}

void server_core::close_clients() {
    held_.clear();
    end_clients(&connection_link::close);
}

void server_core::abort_clients() {
    for (const held_connection& h : held_) reset_at_close(h.socket.get());
    held_.clear();
    for (connection& c : connections_) c.link.is_aborted = true;
    end_clients(&connection_link::abort);
}

void server_core::loop_closes() noexcept {
    close();
    drain_timer_.unlink();
}

server_core::serving_forever::serving_forever(server_core& core) : core_(core) {
    if (core.is_closed()) throw invalid_state_error("serve_forever: the server is closed");
    if (core.serving_forever_) throw invalid_state_error("serve_forever: another task is serving already");
    core.start_serving();
    core.serving_forever_ = true;
}

}  // namespace weft::inline v0
