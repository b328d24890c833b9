// SPDX-License-Identifier: Apache-2.0
#include "io/socket_layer.hpp"

#include "io/socket_address.hpp"

#include <sys/socket.h>

namespace weft::inline v0 {

socket_layer::socket_layer(backend& b, unique_fd&& socket)
    : receive_operation(received), send_operation(sent), backend_(b) {
    b.claim(socket.get());
    socket_ = std::move(socket);
    receiving().fd = sending().fd = socket_.get();
}

socket_layer::~socket_layer() {
    backend_.cancel(receiving());
    backend_.cancel(sending());
    backend_.close(socket_.release());
}

void socket_layer::receive(stream_sink& sink) {
    const bool is_first = !sink_;
    sink_ = &sink;
    is_first ? backend_.submit(receiving()) : backend_.resume(receiving());
}
void socket_layer::pause_receiving() noexcept { backend_.pause(receiving()); }

void socket_layer::received(operation& op, const completion& c) {
    stream_sink& sink = *static_cast<socket_layer&>(static_cast<receive_operation&>(op)).sink_;
    if (c.result > 0) {
        sink.on_bytes(*c.bytes);
    } else if (c.result == 0) {
        sink.on_end();
    } else {
        sink.on_receive_error(-c.result);
    }
}

std::ptrdiff_t socket_layer::try_send(std::span<const std::byte> bytes) noexcept {
    return backend_.try_send(socket_.get(), bytes);
}
std::ptrdiff_t socket_layer::try_send_pieces(std::span<const std::span<const std::byte>> pieces) noexcept {
    return backend_.try_send_pieces(socket_.get(), pieces);
}
void socket_layer::send(std::span<const std::byte> bytes) { start_sending(bytes, false); }
void socket_layer::send_quietly(std::span<const std::byte> bytes) { start_sending(bytes, true); }
void socket_layer::start_sending(std::span<const std::byte> bytes, bool quietly) {
    sending().bytes = bytes;
    sending().is_quiet = quietly;
    backend_.submit(sending());
}
void socket_layer::expect_sent() noexcept { backend_.expect(sending()); }
void socket_layer::sent(operation& op, const completion& c) {
    static_cast<socket_layer&>(static_cast<send_operation&>(op)).sink_->on_sent(c.result < 0 ? -c.result : 0);
}

std::uint64_t socket_layer::unsent() const noexcept {
    const send_operation& s = *this;
    return s.is_submitted() ? s.bytes.size() - s.sent : 0;
}

void socket_layer::end() noexcept { ::shutdown(socket_.get(), SHUT_WR); }

void reset_at_close(native_handle socket) noexcept {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void socket_layer::reset() noexcept { reset_at_close(socket_.get()); }

address socket_layer::peer() const { return peer_address(socket_.get()); }
address socket_layer::local() const { return local_address(socket_.get()); }

}  // namespace weft::inline v0
