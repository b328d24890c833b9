// SPDX-License-Identifier: Apache-2.0
#include "base/without_sigpipe.hpp"
#include "loop/backend_epoll.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

// What an operation does once its descriptor is ready.

namespace weft::inline v0 {

namespace {

constexpr std::size_t receive_bytes = 64 * 1024;
/// Fewer than events_per_turn: of a flood of short connections as many must be able to end in a turn as begin.
constexpr int accepts_per_turn = 8;

/// @return a count, or -errno
std::ptrdiff_t send_to_socket(native_handle fd, std::span<const std::byte> bytes) noexcept {
    for (;;) {
        const auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) return count;
        if (errno != EINTR) return -errno;
    }
}

}  // namespace

void epoll_backend::end(operation*& place, int result) {
    operation& op = *std::exchange(place, nullptr);
    op.slot = operation::no_slot;
    deliver(op, {result, true});
}

void epoll_backend::work(native_handle fd) {
    // Every step may run callbacks that submit, cancel and close: each looks the descriptor up anew.
    if (const descriptor& d = at(fd); d.output && d.writable) {
        switch (d.output->code) {
            case opcode::connect: finish_connect(fd); break;
            case opcode::send_message: send_message(fd); break;
            case opcode::writable: end(at(fd).output, POLLOUT); break;
            default: send_some(fd);
        }
    }
    if (const descriptor& d = at(fd); d.input && d.input->code == opcode::hang_up) {
        if (d.hung_up) end(at(fd).input, POLLHUP);
    } else if (d.input && d.readable) {
        switch (d.input->code) {
            case opcode::accept: accept_some(fd); break;
            case opcode::receive_message: receive_message(fd); break;
            default: receive_some(fd);
        }
    }
}

void epoll_backend::accept_some(native_handle fd) {
    for (int i = 0; i < accepts_per_turn; ++i) {
        descriptor& d = at(fd);
        if (!d.input || d.input->code != opcode::accept) return;  // a callback has closed the listener, say
        auto& op = static_cast<accept_operation&>(*d.input);
        const int accepted = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            op.failures = 0;
            if (op.once) return end(d.input, accepted);
            deliver(op, {accepted, false});
        } else if (errno == EAGAIN) {
            d.readable = false;
            return;
        } else if (!op.note_failure(errno)) {
            return end(d.input, -errno);
        }
    }
    continue_later(fd, at(fd));
}

void epoll_backend::resume(receive_operation& op) {
    op.paused = false;
    if (descriptor& d = at(op.fd); d.readable) continue_later(op.fd, d);
}

void epoll_backend::receive_some(native_handle fd) {
    descriptor& d = at(fd);
    const auto& op = static_cast<const receive_operation&>(*d.input);
    if (op.paused) return;
    try {
        received_.reserve(receive_bytes);
    } catch (const std::bad_alloc&) {
        return end(d.input, -ENOMEM);
    }
    const auto room = received_.room();
    const auto count =
        op.is_pipe ? ::read(fd, room.data(), room.size()) : ::recv(fd, room.data(), room.size(), MSG_DONTWAIT);
    if (count <= 0) {
        d.readable = count < 0 && errno == EINTR;
        if (d.readable) return continue_later(fd, d);
        if (count < 0 && errno == EAGAIN) return;
        return end(d.input, count < 0 ? -errno : 0);
    }
    // A short read has emptied most: the next byte makes an edge. Not so at the end of the stream, whose edge may have
    // come together with the last bytes, and before urgent data, where every read stops.
    if (static_cast<std::size_t>(count) < room.size() && !d.short_read_may_leave_more) d.readable = false;
    received_.added(static_cast<std::size_t>(count));
    deliver(*d.input, {static_cast<int>(count), false, &received_});
    received_.rewind();
    if (descriptor& again = at(fd); again.input && again.readable) continue_later(fd, again);
}

void epoll_backend::send_some(native_handle fd) {
    descriptor& d = at(fd);
    auto& op = static_cast<send_operation&>(*d.output);
    while (op.sent < op.bytes.size()) {
        const auto rest = op.bytes.subspan(op.sent);
        const auto count = op.is_pipe ? write_to_pipe(fd, rest) : send_to_socket(fd, rest);
        if (count >= 0) {
            op.sent += static_cast<std::size_t>(count);
        } else if (count == -EAGAIN) {
            d.writable = false;
            return;
        } else {
            return end(d.output, static_cast<int>(count));
        }
    }
    end(d.output, static_cast<int>(op.sent));
}

void epoll_backend::receive_message(native_handle fd) {
    descriptor& d = at(fd);
    auto& op = static_cast<receive_message_operation&>(*d.input);
    const auto count = ::recvmsg(fd, &op.header, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
    if (count < 0 && errno == EAGAIN) {
        d.readable = false;
    } else if (count < 0 && errno == EINTR) {
        continue_later(fd, d);
    } else {
        end(d.input, count < 0 ? -errno : static_cast<int>(count));
    }
}

void epoll_backend::send_message(native_handle fd) {
    descriptor& d = at(fd);
    auto& op = static_cast<send_message_operation&>(*d.output);
    const auto count = ::sendmsg(fd, &op.header, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) {
        d.writable = false;
    } else if (count < 0 && errno == EINTR) {
        continue_later(fd, d);
    } else {
        end(d.output, count < 0 ? -errno : static_cast<int>(count));
    }
}

void epoll_backend::finish_connect(native_handle fd) {
    descriptor& d = at(fd);
    int error = static_cast<connect_operation&>(*d.output).error;
    if (error == EINPROGRESS) {
        socklen_t size = sizeof error;
        if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    }
    end(d.output, -error);
}

}  // namespace weft::inline v0
