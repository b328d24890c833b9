// SPDX-License-Identifier: Apache-2.0
#include "io/socket_layer.hpp"
#include "io/stream_core.hpp"
#include "net/happy_eyeballs.hpp"
#include "net/resolver.hpp"
#include "net/socket.hpp"

#include <weft/net/connection.hpp>

#include <stdexcept>
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

/// @param target  as messages call it
task<stream> connect(std::string target, connect_plan plan, std::size_t limit) {
    event_loop& loop = get_running_loop();
    happy_eyeballs race(loop, std::move(plan));
    registered_socket socket(loop.operations(), co_await race);
    if (!socket.descriptor() && race.timed_out()) throw_timed_out(target, race.failures());
    if (!socket.descriptor()) throw connect_error(target, race.failures());
    co_return stream(std::make_unique<stream_core>(
        loop, std::make_unique<socket_layer>(loop.operations(), std::move(socket.descriptor())),
        stream_limits{.read_bytes = limit}));
}

}  // namespace

task<stream> open_connection(std::string host, std::uint16_t port, connect_options options) {
    if (host.empty()) throw std::invalid_argument("open_connection: the host is empty");
    connect_plan plan{.to = {}, .deadline = deadline_of(get_running_loop(), options)};
    const std::string target = address{host, port}.to_string();
    plan.to = co_await look_up(make_query(std::move(host), std::to_string(port), options.family, false), plan.deadline);
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
    co_return co_await connect(target, std::move(plan), options.limit);
}

task<stream> open_unix_connection(std::string path, connect_options options) {
    connect_plan plan{.to = {unix_address("open_unix_connection", path)},
                      .deadline = deadline_of(get_running_loop(), options)};
    if (options.local) plan.from = {unix_address("open_unix_connection", options.local->host)};
    std::string target = plan.to.front().text().to_string();
    co_return co_await connect(std::move(target), std::move(plan), options.limit);
}

}  // namespace weft::inline v0
