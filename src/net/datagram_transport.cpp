// SPDX-License-Identifier: Apache-2.0
#include "io/socket_address.hpp"
#include "net/datagram_transport_core.hpp"
#include "net/socket.hpp"

#include <weft/net/create_datagram_endpoint.hpp>
#include <weft/net/datagram_transport.hpp>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

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
void datagram_transport::set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) const {
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

// What a protocol does about what it is not interested in: nothing

void datagram_protocol::connection_made(datagram_transport) {}
void datagram_protocol::datagram_received(std::span<const std::byte>, const address&) {}
void datagram_protocol::error_received(std::exception_ptr) {}

// Opening

namespace {

unique_fd open_socket(const datagram_endpoint_options& options) {
    constexpr const char* who = "create_datagram_endpoint";
    if (!options.local && !options.remote) throw std::invalid_argument("create_datagram_endpoint: neither local nor remote");
    const auto addressed = [](const address& a) { return numeric_address(who, a.host, a.port); };
    const socket_address first = addressed(options.local ? *options.local : *options.remote);
    unique_fd fd(::socket(first.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) throw std::system_error(errno, std::generic_category(), "create_datagram_endpoint: socket");
    if (options.reuse_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, "create_datagram_endpoint: SO_REUSEPORT");
    if (options.allow_broadcast) set_option(fd.get(), SOL_SOCKET, SO_BROADCAST, 1, "create_datagram_endpoint: SO_BROADCAST");
    if (options.local && ::bind(fd.get(), first.get(), first.bytes) != 0)
        throw std::system_error(errno, std::generic_category(), "bind " + options.local->to_string());
    if (options.remote) {
        const socket_address to = addressed(*options.remote);
        if (::connect(fd.get(), to.get(), to.bytes) != 0)  // at once: nothing is sent
            throw std::system_error(errno, std::generic_category(), "connect to " + options.remote->to_string());
    }
    return fd;
}

}  // namespace

task<datagram_transport> open_datagram_endpoint(std::shared_ptr<datagram_protocol> p,
                                                datagram_endpoint_options options) {
    if (!p) throw std::invalid_argument("create_datagram_endpoint: no protocol");
    unique_fd fd = open_socket(options);
    address peer;
    if (options.remote) peer = peer_address(fd.get());
    struct closing {
        std::shared_ptr<datagram_transport_core> core;
        ~closing() {
            if (core) core->close();
        }
    } unless_made{std::make_shared<datagram_transport_core>(get_running_loop(), std::move(fd), std::move(peer),
                                                            std::move(p))};
    unless_made.core->start();
    co_await unless_made.core->until_made();
    co_return datagram_transport(std::exchange(unless_made.core, nullptr));
}

}  // namespace weft::inline v0
