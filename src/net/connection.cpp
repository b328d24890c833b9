// SPDX-License-Identifier: Apache-2.0
#include "io/socket_layer.hpp"
#include "io/stream_core.hpp"
#include "io/stream_handover.hpp"
#include "net/happy_eyeballs.hpp"
#include "net/resolver.hpp"
#include "net/socket.hpp"
#include "tls/check_context.hpp"

#include <weft/flow/wait_for.hpp>
#include <weft/net/connection.hpp>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

[[noreturn]] void throw_timed_out(const std::string& target, const std::vector<connect_failure>& failures) {
    std::string text = "connect to " + target + ": timed out";
    for (const connect_failure& f : failures) text += (&f == &failures.front() ? "; before that " : "; ") + f.what;
    throw timeout_error(text);
}

nanos deadline_of(const event_loop& loop, const connect_options& options) noexcept {
    return options.timeout ? deadline_after(loop.now(), to_nanos(*options.timeout)) : never;
}

/// @param socket  taken when there is a stream to close it
stream make_stream(event_loop& loop, unique_fd& socket, std::size_t limit) {
    return stream(std::make_unique<stream_core>(loop,
                                                std::make_unique<socket_layer>(loop.operations(), std::move(socket)),
                                                stream_limits{.read_bytes = limit}));
}

/// @param host  whom the certificate must be for, unless the options say; empty: nobody has said
void check(const std::string& who, const connect_options& options, const std::string& host = {}) {
    if (options.limit == 0) throw std::invalid_argument(who + ": limit must be greater than 0");
    if (options.tls) {
        check_client_context(who, *options.tls, options.server_hostname.empty() ? host : options.server_hostname);
    } else if (!options.server_hostname.empty()) {
        throw std::invalid_argument(who + ": server_hostname is only meaningful with tls");
    }
}

/// @param target  as messages call it
task<stream> connect(std::string target, connect_plan plan, std::size_t limit) {
    event_loop& loop = get_running_loop();
    happy_eyeballs race(loop, std::move(plan));
    registered_socket socket = co_await race;
    if (!socket && race.timed_out()) throw_timed_out(target, race.failures());
    if (!socket) throw connect_error(target, race.failures());
    co_return make_stream(loop, socket.descriptor(), limit);
}

/// The handshake, which is a part of connecting and has what is left of its time.
/// @param host  what the certificate must be for, unless the options say
task<> secure(stream& s, std::string host, nanos deadline, connect_options options) {
    event_loop& loop = get_running_loop();
    if (!options.server_hostname.empty()) host = std::move(options.server_hostname);
    auto handshake = s.start_tls(std::move(*options.tls), {.server_hostname = std::move(host)});
    if (deadline == never) co_return co_await std::move(handshake);
    const std::string what = "TLS handshake with " + stream_handover::core(s).peer_name() + ": timed out";
    try {
        co_await wait_for(std::move(handshake), std::chrono::nanoseconds(deadline - loop.now()));
    } catch (const timeout_error&) {
        if (loop.now() < deadline) throw;  // the context's own timeout
        throw timeout_error(what);
    }
}

}  // namespace

task<stream> open_connection(std::string host, std::uint16_t port, connect_options options) {
    if (host.empty()) throw std::invalid_argument("open_connection: the host is empty");
    check("open_connection", options, host);
    connect_plan plan{.to = {}, .deadline = deadline_of(get_running_loop(), options)};
    const std::string target = address{host, port}.to_string();
    plan.to = co_await look_up(make_query(host, std::to_string(port), options.family, false), plan.deadline);
    if (plan.to.empty()) throw_timed_out(target, {});
    if (options.happy_eyeballs_delay && plan.to.size() > 1) {
        plan.to = interleave(plan.to);
        plan.delay = to_nanos(*options.happy_eyeballs_delay);
    }
    if (options.local) {
        plan.from = co_await look_up(
            make_query(options.local->host, std::to_string(options.local->port), address_family::any, true),
            plan.deadline);
        if (plan.from.empty()) throw_timed_out(target, {});
    }
    const nanos deadline = plan.deadline;
    stream s = co_await connect(target, std::move(plan), options.limit);
    if (options.tls) co_await secure(s, std::move(host), deadline, std::move(options));
    co_return s;
}

task<stream> open_connection(unique_fd connected, connect_options options) {
    check("open_connection", options);
    event_loop& loop = get_running_loop();
    loop.require_unwatched(connected.get(), "open_connection");
    make_ours(connected.get(), "open_connection: descriptor " + std::to_string(connected.get()));
    socket_address peer;
    peer.bytes = sizeof peer.storage;
    if (::getpeername(connected.get(), reinterpret_cast<sockaddr*>(&peer.storage), &peer.bytes) != 0)
        throw std::system_error(errno, std::generic_category(), "open_connection: getpeername");
    const nanos deadline = deadline_of(loop, options);
    stream s = make_stream(loop, connected, options.limit);
    if (options.tls) co_await secure(s, {}, deadline, std::move(options));
    co_return s;
}

task<stream> open_unix_connection(std::string path, connect_options options) {
    check("open_unix_connection", options);
    connect_plan plan{.to = {unix_address("open_unix_connection", path)},
                      .deadline = deadline_of(get_running_loop(), options)};
    if (options.local) plan.from = {unix_address("open_unix_connection", options.local->host)};
    std::string target = plan.to.front().text().to_string();
    const nanos deadline = plan.deadline;
    stream s = co_await connect(std::move(target), std::move(plan), options.limit);
    if (options.tls) co_await secure(s, {}, deadline, std::move(options));
    co_return s;
}

}  // namespace weft::inline v0
