// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/endpoint_core.hpp"
#include "loop/backend.hpp"
#include "loop/owned_operation.hpp"
#include "net/datagram_output.hpp"
#include "net/socket.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/net/datagram_protocol.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace weft::inline v0 {

/// The transport of datagrams: the socket, and those that the kernel did not take yet.
class datagram_transport_core final : public endpoint_core {
public:
    /// @param peer  what the socket is connected to, if it is; perhaps somebody without a name
    datagram_transport_core(event_loop& loop, unique_fd socket, std::optional<address> peer,
                            std::shared_ptr<datagram_protocol> p);
    ~datagram_transport_core() override { shut(); }

    std::size_t unsent() const noexcept override { return lost_ ? 0 : queued_bytes_; }
    /// @param to  null: the peer
    void send(std::span<const std::byte> bytes, const address* to);
    void close();
    void abort();
    void set_protocol(std::shared_ptr<datagram_protocol> p);

    const address& peer() const noexcept { return peer_; }
    address local() const;
    native_handle descriptor() const noexcept { return fd_.get(); }

private:
    struct queued {
        std::string bytes;
        socket_address to;  // no bytes: the peer
    };
    void tell_made() override;
    void go_on() override { receive(); }
    void shut() noexcept override;
    std::string name() const override { return (peer_.host.empty() ? local() : peer_).to_string(); }

    void receive();
    void on_received(const completion& c);
    void tell_datagram(std::size_t sent_bytes);
    void look_up_sender();
    bool try_send(std::span<const std::byte> bytes, const socket_address& to);
    socket_address target(const address& to) const;
    void send_queued();
    void wait_until_writable();
    template <class Describe>
    void tell_error(int error, Describe what);

    unique_fd fd_;  // none: closed
    const int family_;
    datagram_protocol* protocol_;
    const bool has_peer_;
    address peer_;  // empty: none, or it has no name
    const std::size_t room_bytes_;
    std::unique_ptr<std::byte[]> buffer_;  // what a receive that is under way puts its datagram into
    owned_operation<receive_message_operation, datagram_transport_core, &datagram_transport_core::on_received> receive_;
    datagram_output<datagram_transport_core, &datagram_transport_core::send_queued> output_;
    std::deque<queued> queue_;
    std::size_t queued_bytes_ = 0;
    socket_address sender_address_;  // of the last datagram, and in words: mostly the next one's too
    address sender_;
};

}  // namespace weft::inline v0
