// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/endpoint_core.hpp"
#include "loop/backend.hpp"
#include "net/socket.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/net/datagram_protocol.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>

namespace weft::inline v0 {

/// The transport of datagrams: the socket, and those that the kernel did not take yet.
class datagram_transport_core final : public endpoint_core {
public:
    /// @param peer  what the socket is connected to; empty if it is not
    datagram_transport_core(event_loop& loop, unique_fd socket, address peer, std::shared_ptr<datagram_protocol> p);
    ~datagram_transport_core() override { shut(); }

    std::size_t unsent() const noexcept override { return lost_ ? 0 : queued_bytes_; }
    /// @param to  null: the peer
    void send(std::span<const std::byte> bytes, const address* to);
    void close();
    void abort();
    void set_protocol(std::shared_ptr<datagram_protocol> p);

    const address& peer() const noexcept { return peer_; }
    address local() const;

private:
    struct queued {
        std::string bytes;
        socket_address to;  // no bytes: the peer
    };
    struct receiving : receive_message_operation {
        explicit receiving(datagram_transport_core& c) noexcept : receive_message_operation(completed), owner(c) {}
        static void completed(operation& op, const completion& c) {
            static_cast<receiving&>(op).owner.received(c.result);
        }
        datagram_transport_core& owner;
    };
    struct writable : writable_operation {
        explicit writable(datagram_transport_core& c) noexcept : writable_operation(completed), owner(c) {}
        static void completed(operation& op, const completion&) { static_cast<writable&>(op).owner.send_queued(); }
        datagram_transport_core& owner;
    };

    void tell_made() override;
    void go_on() override { receive(); }
    void shut() noexcept override;
    std::string name() const override { return (peer_.host.empty() ? local() : peer_).to_string(); }

    void receive();
    void received(int result);
    const address& sender();
    bool try_send(std::span<const std::byte> bytes, const socket_address& to);
    void send_queued();
    void wait_until_writable();
    void tell_error(const char* what, int error);

    unique_fd fd_;  // none: closed
    datagram_protocol* protocol_;
    address peer_;
    std::unique_ptr<std::byte[]> buffer_;  // what a receive that is under way puts its datagram into
    receiving receive_;
    writable writable_;
    send_message_operation send_;  // never submitted: tried
    std::deque<queued> queue_;
    std::size_t queued_bytes_ = 0;
    socket_address sender_address_;  // of the last datagram, and in words: mostly the next one's too
    address sender_;
};

}  // namespace weft::inline v0
