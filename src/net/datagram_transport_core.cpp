// SPDX-License-Identifier: Apache-2.0
#include "net/datagram_transport_core.hpp"

#include "io/socket_address.hpp"
#include "net/datagram_address.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {
constexpr std::size_t header_bytes = 8;  // what each counts for on top of its bytes, as in asyncio

/// What a datagram may have: UDP's length has 16 bits; elsewhere, on Unix sockets say, it is for the sender to choose: what
/// asyncio has room for.
std::size_t longest_datagram(int family) { return family == AF_INET || family == AF_INET6 ? 65'535 : 256 * 1024; }
}  // namespace

datagram_transport_core::datagram_transport_core(event_loop& loop, unique_fd socket, std::optional<address> peer,
                                                 std::shared_ptr<datagram_protocol> p)
    : endpoint_core(loop, p),
      fd_(std::move(socket)),
      family_(get_option(fd_.get(), SOL_SOCKET, SO_DOMAIN, "datagram endpoint: SO_DOMAIN")),
      protocol_(p.get()),
      has_peer_(peer.has_value()),
      peer_(std::move(peer).value_or(address())),
      room_bytes_(longest_datagram(family_)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(room_bytes_)),
      receive_(*this),
      output_(*this, loop) {
    receive_.fd = fd_.get();
    output_.use(fd_.get());
    loop_.operations().claim(fd_.get());
}

void datagram_transport_core::tell_made() {
    protocol_->connection_made(
        datagram_transport(std::static_pointer_cast<datagram_transport_core>(shared_from_this())));
}

void datagram_transport_core::shut() noexcept {
    if (!fd_) return;
    backend& b = loop_.operations();
    b.cancel(receive_);
    output_.stop();
    b.close(fd_.release());
    buffer_.reset();
    queue_.clear();
}

address datagram_transport_core::local() const { return fd_ ? local_address(fd_.get()) : address(); }

void datagram_transport_core::set_protocol(std::shared_ptr<datagram_protocol> p) {
    if (over_) return;
    protocol_ = p.get();
    replace_protocol(std::move(p));
}

/// A send or a receive failed: what to do about it is the protocol's affair.
template <class Describe>
void datagram_transport_core::tell_error(int error, Describe what) {
    const running_callback running(*this);
    std::exception_ptr failed;
    try {
        failed = std::make_exception_ptr(std::system_error(error, std::generic_category(), what()));
    } catch (...) {  // there is no memory to say it
        failed = std::current_exception();
    }
    try {
        protocol_->error_received(std::move(failed));
    } catch (...) {
        report("Exception in callback protocol.error_received()");
    }
}

// Receiving

void datagram_transport_core::receive() {
    if (closing_ || receive_.is_submitted()) return;
    try {
        receive_.use({buffer_.get(), room_bytes_}, sizeof receive_.address);
        loop_.operations().submit(receive_);
    } catch (const std::exception&) {  // the kernel has no room for it, or we have not
        lose(std::current_exception());
    }
}

void datagram_transport_core::on_received(const completion& c) {
    if (closing_) return;
    {
        const callback_in_context running(*this);
        if (c.result < 0) {
            tell_error(-c.result, [this] { return "receive at " + local().to_string(); });
        } else {
            tell_datagram(static_cast<std::size_t>(c.result));
        }
    }
    receive();
}

/// @param sent_bytes  perhaps more than there was room for
void datagram_transport_core::tell_datagram(std::size_t sent_bytes) {
    const auto place = [&] {
        return "receive at " + local().to_string() + ": " + std::to_string(sent_bytes) + " bytes";
    };
    try {
        look_up_sender();
    } catch (const std::exception&) {
        return tell_error(ENOMEM, place);
    }
    const std::size_t bytes = std::min(sent_bytes, room_bytes_);
    if (bytes < sent_bytes) {
        tell_error(EMSGSIZE, [&] { return place() + ", of which the first " + std::to_string(bytes) + " follow"; });
        if (closing_) return;
    }
    try {
        protocol_->datagram_received({buffer_.get(), bytes}, receive_.header.msg_namelen == 0 ? peer_ : sender_);
    } catch (...) {
        report("Exception in callback protocol.datagram_received()");
    }
}

void datagram_transport_core::look_up_sender() {
    const socklen_t size = receive_.header.msg_namelen;
    if (size == 0) return;
    if (size != sender_address_.bytes || std::memcmp(&receive_.address, &sender_address_.storage, size) != 0) {
        sender_ = to_address(receive_.address, size);
        std::memcpy(&sender_address_.storage, &receive_.address, size);
        sender_address_.bytes = size;
    }
}

// Sending

void datagram_transport_core::send(std::span<const std::byte> bytes, const address* to) {
    socket_address where;
    if (has_peer_) {
        if (to && *to != peer_) {
            throw std::invalid_argument("send_to: " + to->to_string() + " is not the peer, " + peer_.to_string());
        }
    } else {
        if (!to) throw std::invalid_argument("send: the endpoint has no peer");
        where = target(*to);
    }
    if (lost_) return note_lost_write();
    if (queue_.empty() && try_send(bytes, where)) return;
    queue_.push_back({.bytes = {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, .to = where});
    queued_bytes_ += bytes.size() + header_bytes;
    if (queue_.size() == 1) wait_until_writable();
    pause_writing_if_too_much();
}

socket_address datagram_transport_core::target(const address& to) const {
    return family_ == AF_UNIX ? unix_address("send_to", to.host) : ip_address("send_to", to.host, to.port);
}

/// @return false: later; else it was sent, or the protocol was told why not
bool datagram_transport_core::try_send(std::span<const std::byte> bytes, const socket_address& to) {
    const int result = output_.try_send(bytes, to.get(), to.bytes);
    if (result == -EAGAIN) return false;
    if (result < 0) {
        tell_error(-result, [&] {
            return "send " + std::to_string(bytes.size()) + " bytes to " + (to.bytes ? to.text() : peer_).to_string();
        });
    }
    return true;
}

void datagram_transport_core::wait_until_writable() {
    try {
        output_.wait();
    } catch (const std::exception&) {
        if (!lost_) lose(std::current_exception());
    }
}

void datagram_transport_core::send_queued() {
    const callback_in_context running(*this);
    while (!queue_.empty() && !lost_) {
        queued next = std::move(queue_.front());  // a callback may send more, or abort
        if (!try_send(std::as_bytes(std::span(next.bytes)), next.to)) {
            queue_.front() = std::move(next);
            wait_until_writable();
            break;
        }
        queue_.pop_front();
        queued_bytes_ -= next.bytes.size() + header_bytes;
    }
    resume_writing_if_little();
    if (queue_.empty() && closing_ && !lost_) lose(nullptr);
}

// Ending

void datagram_transport_core::close() {
    if (closing_) return;
    closing_ = true;
    if (queue_.empty()) lose(nullptr);
}

void datagram_transport_core::abort() {
    if (!lost_) lose(nullptr);
}

}  // namespace weft::inline v0
