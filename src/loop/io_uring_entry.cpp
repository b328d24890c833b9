// SPDX-License-Identifier: Apache-2.0
#include "loop/io_uring_entry.hpp"

#include "loop/provided_buffers.hpp"

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace weft::inline v0 {

namespace {

void fill_receive(io_uring_sqe& e, const receive_operation& op) noexcept {
    // Armed anew for every completion: a multishot receive is a little cheaper, but Linux 6.18 forgets a reset that
    // arrives right behind data, and the connection would be kept for ever (docs/adr/0006).
    if (op.is_pipe) {
        ::io_uring_prep_read(&e, op.fd, nullptr, 0, ~std::uint64_t{0});
    } else {
        ::io_uring_prep_recv(&e, op.fd, nullptr, 0, 0);
        // Nothing is there yet, most likely: to try before waiting costs a tenth of a small message.
        if (op.is_drained) e.ioprio |= IORING_RECVSEND_POLL_FIRST;
    }
    e.flags |= IOSQE_BUFFER_SELECT;
    e.buf_group = provided_buffers::group;
}

void fill_send(io_uring_sqe& e, const send_operation& op) noexcept {
    if (op.is_pipe) {  // written by us when it takes something: the kernel would raise SIGPIPE
        ::io_uring_prep_poll_add(&e, op.fd, POLLOUT);
    } else {
        // Not MSG_WAITALL where it may wait: a send that has waited 128 times goes on in a thread of the kernel's, and a cancellation that
        // finds it there with a part just sent is waited for until the rest is (seen with Linux 6.18).
        const auto rest = op.bytes.subspan(op.sent);
        ::io_uring_prep_send(&e, op.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (!op.is_quiet) return;
        e.msg_flags |= MSG_DONTWAIT | MSG_WAITALL;  // all at once, or a completion says how much
        e.flags |= IOSQE_CQE_SKIP_SUCCESS;
    }
}

void fill_file(io_uring_sqe& e, const file_operation& op) noexcept {
    const auto offset = static_cast<std::uint64_t>(op.offset);
    const auto size = static_cast<unsigned>(std::min<std::size_t>(op.bytes.size(), 0x7ffff000));  // as write(2)
    switch (op.code) {
        case opcode::open: return ::io_uring_prep_openat(&e, AT_FDCWD, op.path, op.flags | O_CLOEXEC, op.mode);
        case opcode::read_at: return ::io_uring_prep_read(&e, op.fd, op.bytes.data(), size, offset);
        case opcode::write_at: return ::io_uring_prep_write(&e, op.fd, op.bytes.data(), size, offset);
        case opcode::sync: return ::io_uring_prep_fsync(&e, op.fd, op.flags ? IORING_FSYNC_DATASYNC : 0);
        default: return ::io_uring_prep_statx(&e, op.fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, op.status);
    }
}

}  // namespace

void fill_entry(io_uring_sqe& e, operation& op) noexcept {
    switch (op.code) {
        case opcode::accept: {
            const bool once = static_cast<accept_operation&>(op).once;
            return (once ? ::io_uring_prep_accept : ::io_uring_prep_multishot_accept)(&e, op.fd, nullptr, nullptr,
                                                                                      SOCK_NONBLOCK | SOCK_CLOEXEC);
        }
        case opcode::receive: return fill_receive(e, static_cast<receive_operation&>(op));
        case opcode::send: return fill_send(e, static_cast<send_operation&>(op));
        case opcode::connect: {
            auto& c = static_cast<connect_operation&>(op);
            if (c.error == EINTR) return ::io_uring_prep_poll_add(&e, op.fd, POLLOUT);  // it goes on by itself
            return ::io_uring_prep_connect(&e, op.fd, reinterpret_cast<sockaddr*>(&c.address), c.address_bytes);
        }
        case opcode::receive_message:
            return ::io_uring_prep_recvmsg(&e, op.fd, &static_cast<message_operation&>(op).header, MSG_TRUNC);
        case opcode::send_message:
            return ::io_uring_prep_sendmsg(&e, op.fd, &static_cast<message_operation&>(op).header, MSG_NOSIGNAL);
        // The kernel adds POLLERR, POLLHUP and POLLRDHUP to whatever is asked for.
        case opcode::hang_up: return ::io_uring_prep_poll_add(&e, op.fd, 0);
        case opcode::writable: return ::io_uring_prep_poll_add(&e, op.fd, POLLOUT);
        case opcode::poll:
            return ::io_uring_prep_poll_add(&e, op.fd, static_cast<unsigned>(static_cast<poll_operation&>(op).events));
        case opcode::open:
        case opcode::read_at:
        case opcode::write_at:
        case opcode::sync:
        case opcode::stat: return fill_file(e, static_cast<file_operation&>(op));
    }
}

}  // namespace weft::inline v0
