// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

// Operations: what the loop asks of the kernel, as data shaped like the system call. A backend carries them out.

namespace weft::inline v0 {

enum class opcode : std::uint8_t {
    accept,
    receive,
    send,
    connect,
    receive_message,
    send_message,
    writable,  // of sockets; receive and send of pipes too
    hang_up,  // of what is written to: nobody reads it
    poll,  // of a descriptor that is not ours
    open,
    read_at,
    write_at,
    sync,
    stat,  // of files
};

class byte_buffer;

/// What an operation brings.
struct completion {
    int result;  ///< as the system call: a count, a descriptor, a mask, or -errno
    bool last;  ///< the operation is over; else it brings more by itself
    byte_buffer* bytes = nullptr;  ///< receive: what has come; its block may be taken away, with the bytes
};

struct operation {
    using complete_function = void (*)(operation&, const completion&);

    operation(opcode c, complete_function f) noexcept : code(c), on_complete(f) {}
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;

    bool is_submitted() const noexcept { return slot != no_slot; }

    static constexpr std::uint32_t no_slot = ~0u;
    opcode code;
    bool is_pipe = false;  ///< receive, send: not of a socket, so read(2), and write(2) without SIGPIPE
    bool paused = false;  ///< receive: the backend's own
    bool is_drained = false;  ///< receive: the backend's own
    bool is_quiet = false;  ///< send: nobody waits for its end, which may be told with whatever happens next
    native_handle fd = -1;  ///< open: none
    std::uint32_t slot = no_slot;  ///< the backend's name for it while it is submitted
    complete_function on_complete;  ///< called on the loop's thread, in dispatch(); may submit and cancel
};

/// Accepts connections (non-blocking, close-on-exec) until cancelled or failing. accept4(2)
struct accept_operation : operation {
    explicit accept_operation(complete_function f) noexcept : operation(opcode::accept, f) {}
    bool once = false;  ///< over after one connection: the others stay in the kernel's queue
    std::uint8_t failures = 0;  ///< the backend's own: so many in a row

    /// Accepting has failed. @return whether with that connection alone, and so seldom that the next one may be better
    bool note_failure(int error) noexcept;
};

/// Receives into memory of the backend's until end of stream (result 0), an error, or cancellation. recv(2), read(2)
struct receive_operation : operation {
    explicit receive_operation(complete_function f) noexcept : operation(opcode::receive, f) {}
};

/// Sends all of `bytes`, which stay where they are until it is complete; the result is their count or -errno. send(2), write(2)
struct send_operation : operation {
    explicit send_operation(complete_function f) noexcept : operation(opcode::send, f) {}
    std::span<const std::byte> bytes{};
    std::size_t sent = 0;  ///< the backend's own count
};

/// Receives or sends one message (a datagram), whose memory stays where it is until it is complete; the result is the
/// message's length, which may be more than there was room for, or -errno. recvmsg(2), sendmsg(2)
struct message_operation : operation {
    message_operation(opcode c, complete_function f) noexcept : operation(c, f) {}
    /// What is in `bytes` and `address` now goes, or room for what comes.
    void use(std::span<std::byte> bytes) noexcept {
        piece = {.iov_base = bytes.data(), .iov_len = bytes.size()};
        header = {};
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
    }
    void use(std::span<std::byte> bytes, socklen_t size_of_address) noexcept {
        use(bytes);
        header.msg_name = &address;
        header.msg_namelen = size_of_address;
    }
    sockaddr_storage address{};
    iovec piece{};
    msghdr header{};
};
struct receive_message_operation : message_operation {
    explicit receive_message_operation(complete_function f) noexcept : message_operation(opcode::receive_message, f) {}
};
struct send_message_operation : message_operation {
    explicit send_message_operation(complete_function f) noexcept : message_operation(opcode::send_message, f) {}
};

/// Waits until a socket that sends are submitted for takes bytes again: for who sends by other means, sendfile(2).
struct writable_operation : operation {
    explicit writable_operation(complete_function f) noexcept : operation(opcode::writable, f) {}
};

/// Waits until nobody can read any more what is written to a pipe or socket, whose only other operation is a send; the
/// result is a mask with POLLERR or POLLHUP in it. If it has neither, a socket's peer has ended its own direction, and a
/// send will tell of the rest.
struct hang_up_operation : operation {
    explicit hang_up_operation(complete_function f) noexcept : operation(opcode::hang_up, f) {}
};

/// Connects a non-blocking socket. connect(2)
struct connect_operation : operation {
    explicit connect_operation(complete_function f) noexcept : operation(opcode::connect, f) {}
    sockaddr_storage address{};
    socklen_t address_bytes = 0;
    int error = 0;  ///< the backend's own
};

/// Reports once that a descriptor is ready for `events`; the result is the mask that poll(2) would give.
struct poll_operation : operation {
    explicit poll_operation(complete_function f) noexcept : operation(opcode::poll, f) {}
    short events = 0;
};

/// A call about a file; what it points to stays where it is until it is complete. The result is that of the system call.
/// Only for a backend that carries_files(): elsewhere perform() makes the call on another thread.
struct file_operation : operation {
    file_operation(opcode c, complete_function f) noexcept : operation(c, f) {}
    const char* path = nullptr;  ///< open: openat(2), close-on-exec
    int flags = 0;  ///< open: as open(2); sync: not 0 for fdatasync(2)
    mode_t mode = 0;  ///< open
    std::span<std::byte> bytes{};  ///< read_at, write_at: pread(2), pwrite(2), not all of it perhaps
    std::int64_t offset = 0;  ///< read_at, write_at: -1 for the descriptor's own position
    struct statx* status = nullptr;  ///< stat: statx(2) of `fd`
};

/// Makes the call of a file operation here and now. @return its result, or -errno
int perform(const file_operation& op) noexcept;

}  // namespace weft::inline v0
