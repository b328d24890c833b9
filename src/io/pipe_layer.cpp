// SPDX-License-Identifier: Apache-2.0
#include "io/pipe_layer.hpp"

#include "io/stream_core.hpp"
#include "loop/backend.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

pipe_layer::pipe_layer(event_loop& loop, unique_fd fd, direction d, pipe_kind k)
    : loop_(loop),
      fd_(std::move(fd)),
      direction_(d),
      kind_(k),
      receive_(*this),
      poll_(*this),
      send_(*this),
      hang_up_(*this),
      ending_(*this) {
    receive_.fd = poll_.fd = send_.fd = hang_up_.fd = fd_.get();
    receive_.is_pipe = send_.is_pipe = k != pipe_kind::socket;
    poll_.events = POLLIN;
    loop_.operations().claim(fd_.get());
}

pipe_layer::~pipe_layer() { close(); }

void pipe_layer::close() noexcept {
    if (!fd_) return;
    backend& b = loop_.operations();
    b.cancel(receive_);
    b.cancel(poll_);
    b.cancel(send_);
    b.cancel(hang_up_);
    b.close(fd_.release());
}

// Receiving

void pipe_layer::receive(stream_sink& sink) {
    const bool first = !sink_;
    sink_ = &sink;
    if (direction_ == direction::out) {
        loop_.add_timer(ending_, loop_.now());
    } else if (kind_ == pipe_kind::character) {
        wanted_ = true;
        if (!poll_.is_submitted()) loop_.operations().submit(poll_);
    } else if (first) {
        loop_.operations().submit(receive_);
    } else {
        loop_.operations().resume(receive_);
    }
}

void pipe_layer::pause_receiving() noexcept {
    if (kind_ == pipe_kind::character) {
        wanted_ = false;
    } else if (direction_ == direction::in) {
        loop_.operations().pause(receive_);
    }
}

void pipe_layer::on_received(const completion& c) {
    if (c.result > 0) {
        sink_->on_bytes(*c.bytes);
    } else if (c.result == 0) {
        sink_->on_end();
    } else {
        sink_->on_receive_error(-c.result);
    }
}

/// Reads a character device once. What the flags of its descriptor are may change at any time, for it is shared: it is
/// read only when it is readable.
void pipe_layer::on_readable(const completion& c) {
    if (c.result < 0) return sink_->on_receive_error(-c.result);  // it could not be waited for
    if (!wanted_) return;
    byte_buffer bytes(*loop_.buffers());
    try {
        bytes.reserve(4096);  // as much as a terminal gives at once
    } catch (const std::bad_alloc&) {
        return sink_->on_receive_error(ENOMEM);
    }
    const auto count = ::read(fd_.get(), bytes.room().data(), bytes.room().size());
    if (count == 0) return sink_->on_end();
    // A terminal whose other side is closed: asyncio calls it an error as well.
    if (count < 0 && errno != EAGAIN && errno != EINTR) return sink_->on_receive_error(errno);
    try {
        loop_.operations().submit(poll_);
    } catch (...) {
        return sink_->on_receive_error(refusal());
    }
    if (count <= 0) return;
    bytes.added(static_cast<std::size_t>(count));
    sink_->on_bytes(bytes);  // last: it may destroy this
}

// Sending

std::ptrdiff_t pipe_layer::try_send(std::span<const std::byte> bytes) noexcept {
    if (direction_ == direction::in || !fd_) return -EBADF;
    backend& b = loop_.operations();
    return kind_ == pipe_kind::socket ? b.try_send(fd_.get(), bytes) : b.try_write(fd_.get(), bytes);
}

void pipe_layer::send(std::span<const std::byte> bytes) {
    if (direction_ == direction::in) throw std::system_error(EBADF, std::generic_category(), "write to a read end");
    send_.bytes = bytes;
    loop_.operations().submit(send_);
}

std::uint64_t pipe_layer::unsent() const noexcept { return send_.is_submitted() ? send_.bytes.size() - send_.sent : 0; }

void pipe_layer::on_sent(const completion& c) { sink_->on_sent(c.result < 0 ? -c.result : 0); }

/// A character device is never without a reader, or its end is told as an error of the write.
void pipe_layer::watch_reader() {
    if (direction_ == direction::out && kind_ != pipe_kind::character) loop_.operations().submit(hang_up_);
}

void pipe_layer::on_hang_up(const completion& c) {
    if (c.result > 0 && (c.result & (POLLERR | POLLHUP))) sink_->on_reader_gone();
}

void pipe_layer::end() noexcept {
    if (direction_ == direction::out) close();
}

const char* pipe_layer::nameless_peer() const noexcept {
    switch (kind_) {
        case pipe_kind::fifo: return "a pipe";
        case pipe_kind::socket: return "a socket";
        case pipe_kind::character: break;
    }
    return "a character device";
}

// Making

stream make_pipe_stream(event_loop& loop, unique_fd fd, pipe_layer::direction d, pipe_kind kind, std::size_t limit) {
    if (limit == 0) throw std::invalid_argument("a pipe's limit must be greater than 0");
    return stream(std::make_unique<stream_core>(loop, std::make_unique<pipe_layer>(loop, std::move(fd), d, kind),
                                                stream_limits{.read_bytes = limit}));
}

void make_nonblocking(native_handle fd, const char* who) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        throw std::system_error(errno, std::generic_category(),
                                std::string(who) + ": descriptor " + std::to_string(fd));
    }
}

}  // namespace weft::inline v0
