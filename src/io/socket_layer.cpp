// SPDX-License-Identifier: Apache-2.0
#include "io/socket_layer.hpp"

#include "io/socket_address.hpp"

#include <sys/socket.h>

namespace weft::inline v0 {

socket_layer::socket_layer(backend& b, unique_fd socket) noexcept
    : backend_(b), socket_(std::move(socket)), receive_(*this), send_(*this) {
    receive_.fd = send_.fd = socket_.get();
}

socket_layer::~socket_layer() {
    backend_.cancel(receive_);
    backend_.cancel(send_);
    backend_.close(socket_.release());
}

void socket_layer::receive(stream_sink& sink) {
    const bool is_first = !sink_;
    sink_ = &sink;
    is_first ? backend_.submit(receive_) : backend_.resume(receive_);
}
void socket_layer::pause_receiving() noexcept { backend_.pause(receive_); }

void socket_layer::receiving::completed(operation& op, const completion& c) {
    stream_sink& sink = *static_cast<receiving&>(op).layer.sink_;
    if (c.result > 0) {
        sink.on_bytes(c.bytes);
    } else if (c.result == 0) {
        sink.on_end();
    } else {
        sink.on_receive_error(-c.result);
    }
}

std::ptrdiff_t socket_layer::try_send(std::span<const std::byte> bytes) noexcept {
    return backend_.try_send(socket_.get(), bytes);
}
void socket_layer::send(std::span<const std::byte> bytes) {
    send_.bytes = bytes;
    backend_.submit(send_);
}
void socket_layer::sending::completed(operation& op, const completion& c) {
    auto& self = static_cast<sending&>(op);
    if (c.result < 0) return self.layer.sink_->on_sent(-c.result);
    // MSG_WAITALL makes a short count rare (a signal): the rest is one more operation.
    const auto sent = static_cast<std::size_t>(c.result);
    if (sent < self.bytes.size()) return self.layer.send(self.bytes.subspan(sent));
    self.layer.sink_->on_sent(0);
}

void socket_layer::end() noexcept { ::shutdown(socket_.get(), SHUT_WR); }

void socket_layer::reset() noexcept {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

address socket_layer::peer() const { return peer_address(socket_.get()); }
address socket_layer::local() const { return local_address(socket_.get()); }

}  // namespace weft::inline v0
