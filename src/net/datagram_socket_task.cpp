// SPDX-License-Identifier: Apache-2.0
// What is awaited of a datagram socket, as tasks: they begin later than they were made, and the socket may be gone then.
#include "net/datagram_core.hpp"

#include <weft/base/errors.hpp>

#include <utility>

namespace weft::inline v0 {

datagram_core& receive_awaiter::core() const {
    if (!socket_) throw invalid_state_error("receive: this receive was awaited before");
    return *socket_;
}

task<datagram> datagram_receive::receiving(std::shared_ptr<datagram_core> s, bool was_open) {
    if (was_open && s->is_closed()) datagram_core::throw_closed("receive");
    co_return co_await datagram_receive(*s);
}

task<datagram> to_task(datagram_receive&& r) {
    datagram_core& s = r.core();
    return datagram_receive::receiving(s.shared_from_this(), !s.is_closed());
}

task<received_datagram> datagram_receive_into::receiving(std::shared_ptr<datagram_core> s, std::span<std::byte> buffer,
                                                         bool was_open) {
    if (was_open && s->is_closed()) datagram_core::throw_closed("receive");
    co_return co_await datagram_receive_into(*s, buffer);
}

task<received_datagram> to_task(datagram_receive_into&& r) {
    datagram_core& s = r.core();
    return datagram_receive_into::receiving(s.shared_from_this(), r.buffer_, !s.is_closed());
}

task<> datagram_send::sending(std::shared_ptr<datagram_core> s, std::string bytes, native_address to, unsigned to_bytes,
                              bool was_open) {
    if (was_open && s->is_closed()) datagram_core::throw_closed("send");
    datagram_send again(*s, std::as_bytes(std::span(bytes)));
    again.to_ = to;
    again.to_bytes_ = to_bytes;
    co_await again;
}

task<> to_task(datagram_send&& s) {
    if (s.over_ || !s.socket_) throw invalid_state_error("send: this send was awaited before");
    std::string bytes(reinterpret_cast<const char*>(s.bytes_.data()), s.bytes_.size());
    const datagram_send::native_address to = s.to_bytes_ ? s.to_ : datagram_send::native_address{};
    return datagram_send::sending(s.socket_->shared_from_this(), std::move(bytes), to, s.to_bytes_,
                                  !s.socket_->is_closed());
}

}  // namespace weft::inline v0
