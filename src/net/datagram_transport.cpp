// SPDX-License-Identifier: Apache-2.0
#include "io/socket_address.hpp"
#include "net/datagram_address.hpp"
#include "net/datagram_transport_core.hpp"
#include "net/socket.hpp"

#include <weft/net/create_datagram_endpoint.hpp>
#include <weft/net/datagram_transport.hpp>
#include <weft/net/resolve.hpp>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace weft::inline v0 {

// The handle

datagram_transport_core& datagram_transport::core() const {
    if (!core_) throw invalid_state_error("the transport is empty");
    return *core_;
}
void datagram_transport::send_to(std::span<const std::byte> bytes, const address& to) const { core().send(bytes, &to); }
void datagram_transport::send(std::span<const std::byte> bytes) const { core().send(bytes, nullptr); }
std::size_t datagram_transport::get_write_buffer_size() const noexcept { return core_ ? core_->unsent() : 0; }
write_buffer_limits datagram_transport::get_write_buffer_limits() const { return core().limits(); }
void datagram_transport::set_write_buffer_limits(std::optional<std::size_t> high,
                                                 std::optional<std::size_t> low) const {
    core().set_limits(high, low);
}
void datagram_transport::close() const { core().close(); }
void datagram_transport::abort() const { core().abort(); }
bool datagram_transport::is_closing() const noexcept { return !core_ || core_->is_closing(); }
transport_awaiter datagram_transport::wait_closed() const { return core().until_lost(); }
void datagram_transport::set_protocol(std::shared_ptr<datagram_protocol> p) const {
    if (!p) throw std::invalid_argument("set_protocol: null");
    core().set_protocol(std::move(p));
}
std::shared_ptr<base_protocol> datagram_transport::get_protocol() const { return core().get_protocol(); }
address datagram_transport::peer() const { return core().peer(); }
address datagram_transport::local() const { return core().local(); }
native_handle datagram_transport::descriptor() const noexcept { return core_ ? core_->descriptor() : -1; }

// What a protocol does about what it is not interested in: nothing

void datagram_protocol::connection_made(datagram_transport) {}
void datagram_protocol::datagram_received(std::span<const std::byte>, const address&) {}
void datagram_protocol::error_received(std::exception_ptr) {}

// Opening

namespace {

using namespace std::string_literals;
using addresses = std::vector<address>;

/// Who complains.
constexpr const char *udp = "create_datagram_endpoint", *on_unix = "create_unix_datagram_endpoint";

task<addresses> look_up(const std::optional<address>& a, bool passive) {
    if (!a) co_return addresses{};
    co_return co_await resolve(a->host, a->port, {.passive = passive});
}

socket_address to_socket_address(const address& a) { return numeric_address(a.host, a.port).value(); }

unique_fd open_socket(const address* local, const address* remote, const datagram_endpoint_options& options) {
    const socket_address first = to_socket_address(local ? *local : *remote);
    unique_fd fd = make_datagram_socket(first.family(), udp);
    const auto set = [&](int option, const char* what) { set_option(fd.get(), SOL_SOCKET, option, 1, what); };
    if (options.reuse_port) set(SO_REUSEPORT, "create_datagram_endpoint: SO_REUSEPORT");
    if (options.allow_broadcast) set(SO_BROADCAST, "create_datagram_endpoint: SO_BROADCAST");
    if (local) bind_to(fd.get(), first);
    if (remote) connect_datagram_socket(fd.get(), to_socket_address(*remote));  // at once: nothing is sent
    return fd;
}

/// The first of its addresses that can be had, both of one family.
unique_fd open_first(const addresses& local, const addresses& remote, const datagram_endpoint_options& options) {
    std::exception_ptr failed;
    const auto attempt = [&](const address* l, const address* r) -> unique_fd {
        if (l && r && to_socket_address(*l).family() != to_socket_address(*r).family()) return {};
        try {
            return open_socket(l, r, options);
        } catch (const std::system_error&) {
            if (!failed) failed = std::current_exception();
            return {};
        }
    };
    for (std::size_t i = 0; i < std::max<std::size_t>(local.size(), 1); ++i) {
        for (std::size_t j = 0; j < std::max<std::size_t>(remote.size(), 1); ++j) {
            if (unique_fd fd = attempt(local.empty() ? nullptr : &local[i], remote.empty() ? nullptr : &remote[j])) {
                return fd;
            }
        }
    }
    if (failed) std::rethrow_exception(failed);
    throw std::invalid_argument("create_datagram_endpoint: local and remote have no address family in common");
}

/// A protocol's endpoint on a socket that is open.
task<datagram_transport> make_endpoint(const char* who, unique_fd fd, std::optional<address> peer,
                                       datagram_protocol_maker make) {
    auto p = make();
    if (!p) throw std::invalid_argument(std::string(who) + ": no protocol");
    struct closing {
        std::shared_ptr<datagram_transport_core> core;
        ~closing() {
            if (core) core->close();
        }
    } unless_made{
        std::make_shared<datagram_transport_core>(get_running_loop(), std::move(fd), std::move(peer), std::move(p))};
    unless_made.core->start();
    co_await unless_made.core->until_made();
    co_return datagram_transport(std::exchange(unless_made.core, nullptr));
}

}  // namespace

task<datagram_transport> open_datagram_endpoint(datagram_protocol_maker make, datagram_endpoint_options options) {
    if (!options.local && !options.remote) throw std::invalid_argument(udp + ": neither local nor remote"s);
    const addresses local = co_await look_up(options.local, true);
    const addresses remote = co_await look_up(options.remote, false);
    unique_fd fd = open_first(local, remote, options);
    std::optional<address> peer;
    if (options.remote) peer = peer_address(fd.get());
    co_return co_await make_endpoint(udp, std::move(fd), std::move(peer), std::move(make));
}

task<datagram_transport> open_datagram_endpoint_on(datagram_protocol_maker make, unique_fd socket) {
    adopt_datagram_socket(socket, get_running_loop(), udp);
    std::optional<address> peer;
    if (is_connected(socket.get())) peer = peer_address(socket.get());
    co_return co_await make_endpoint(udp, std::move(socket), std::move(peer), std::move(make));
}

task<datagram_transport> open_unix_datagram_endpoint(datagram_protocol_maker make,
                                                     unix_datagram_endpoint_options options) {
    if (!options.local && !options.remote) throw std::invalid_argument(on_unix + ": neither local nor remote"s);
    std::optional<socket_address> local, remote;
    if (options.local) local = unix_address(on_unix, *options.local);
    if (options.remote) remote = unix_address(on_unix, *options.remote);
    unique_fd fd = make_datagram_socket(AF_UNIX, on_unix);
    if (local) {
        if (!is_abstract(*local)) remove_socket_file(*options.local);
        bind_to(fd.get(), *local);
    }
    std::optional<address> peer;
    if (remote) {
        connect_datagram_socket(fd.get(), *remote);
        peer = remote->text();
    }
    co_return co_await make_endpoint(on_unix, std::move(fd), std::move(peer), std::move(make));
}

}  // namespace weft::inline v0
