// SPDX-License-Identifier: Apache-2.0
#include "loop/end_of.hpp"
#include "net/bound_socket.hpp"
#include "net/resolver.hpp"
#include "net/server_core.hpp"

#include <weft/loop/cancel_scope.hpp>
#include <weft/net/server.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace weft::inline v0 {

// The handle

server::server(std::shared_ptr<server_core> core) noexcept : core_(std::move(core)) {}
server::server(server&&) noexcept = default;
server& server::operator=(server&& other) noexcept {
    if (this != &other) {
        if (core_) core_->close();
        core_ = std::move(other.core_);
    }
    return *this;
}
server::~server() {
    if (core_) core_->close();
}

server_core& server::core() const {
    if (!core_) throw invalid_state_error("the server was moved from");
    return *core_;
}
std::uint16_t server::port() const {
    if (core().is_closed()) throw invalid_state_error("server::port: the server is closed");
    for (const auto& l : core().listeners()) {
        if (l->is_tcp()) return l->local().port;
    }
    throw invalid_state_error("server::port: a Unix socket has no port");
}
std::vector<address> server::addresses() const {
    std::vector<address> all;
    for (const auto& l : core().listeners()) all.push_back(l->local());
    return all;
}
std::vector<native_handle> server::sockets() const {
    std::vector<native_handle> all;
    for (const auto& l : core().listeners()) all.push_back(l->socket());
    return all;
}
event_loop& server::get_loop() const { return core().loop(); }
bool server::is_serving() const noexcept { return core_ && core_->is_serving(); }
std::size_t server::connections() const noexcept { return core_ ? core_->connections() : 0; }
void server::start_serving() { core().start_serving(); }
void server::close() noexcept {
    if (core_) core_->close();
}
void server::cancel_connections() { core().cancel_connections(); }
void server::close_clients() { core().close_clients(); }
void server::abort_clients() { core().abort_clients(); }

// What takes time keeps the core, from the call on: it may be a task's, and the handle go before that begins

namespace {

task<> serve_on(std::shared_ptr<server_core> core) {
    const server_core::serving_forever here(*core);
    bool cancelled = false;
    try {
        co_await done_awaiter(core->ended().state());
    } catch (const cancelled_error&) {
        cancelled = true;
    }
    if (!cancelled) co_return;
    core->drain();
    const cleanup_shield drains(co_await with_task());
    co_await done_awaiter(core->ended().state());
}

task<> drain_and_end(std::shared_ptr<server_core> core) {
    core->drain();
    co_await done_awaiter(core->ended().state());
}

}  // namespace

task<> server::wait_closed() { return end_of({core_, &core().ended()}); }
task<> server::serve_forever() { return serve_on(core().shared_from_this()); }
immediate<server&> server::enter() { return immediate<server&>(*this); }
task<> server::exit(std::exception_ptr) { return drain_and_end(core().shared_from_this()); }

// Making one

namespace {

server begin(std::shared_ptr<server_core> core, const server_options& options) {
    if (options.start_serving) core->start_serving();
    return server(std::move(core));
}

}  // namespace

task<server> start_server_with(connection_handler handler, std::vector<std::string> hosts, std::uint16_t port,
                               server_options options) {
    if (hosts.empty()) throw std::invalid_argument("start_server: there is no host to listen on");
    auto core = std::make_shared<server_core>(get_running_loop(), std::move(handler), options);
    std::vector<std::vector<socket_address>> addresses;
    for (std::string& host : hosts) {
        auto query = make_query(std::move(host), std::to_string(port), options.family, true);
        addresses.push_back(co_await look_up(std::move(query)));
    }
    for (bound_socket& s : bind_tcp(addresses, options)) core->add(std::move(s));
    co_return begin(std::move(core), options);
}

task<server> start_unix_server_with(connection_handler handler, std::string path, server_options options) {
    auto core = std::make_shared<server_core>(get_running_loop(), std::move(handler), options);
    core->add(bind_unix(path, options));
    co_return begin(std::move(core), options);
}

task<server> start_server_on_with(connection_handler handler, std::vector<listening_socket> sockets,
                                  server_options options) {
    if (sockets.empty()) throw std::invalid_argument("start_server_on: there is no socket to listen on");
    auto core = std::make_shared<server_core>(get_running_loop(), std::move(handler), options);
    std::exception_ptr refused;
    for (const listening_socket& s : sockets) {
        try {
            core->loop().require_unwatched(s.fd.get(), "start_server_on");
        } catch (...) {  // of the others, which are closed as well, no watch is to stay
            if (!refused) refused = std::current_exception();
        }
    }
    if (refused) std::rethrow_exception(refused);
    for (listening_socket& s : sockets) core->add(adopt(std::move(s)));
    co_return begin(std::move(core), options);
}

}  // namespace weft::inline v0
