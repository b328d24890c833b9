// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>

// Operations: what the loop asks of the kernel, as data shaped like the system call. A backend carries them out.

namespace weft::inline v0 {

enum class opcode : std::uint8_t { accept, receive, send, connect, poll };

/// What an operation brings.
struct completion {
    int result;                          ///< as the system call: a count, a descriptor, a mask, or -errno
    bool last;                           ///< the operation is over; else it brings more by itself
    std::span<const std::byte> bytes{};  ///< receive: valid during the call only
};

struct operation {
    using complete_function = void (*)(operation&, const completion&);

    operation(opcode c, complete_function f) noexcept : code(c), on_complete(f) {}
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;

    bool is_submitted() const noexcept { return slot != no_slot; }

    static constexpr std::uint32_t no_slot = ~0u;
    opcode code;
    native_handle fd = -1;
    std::uint32_t slot = no_slot;  ///< the backend's name for it while it is submitted
    complete_function on_complete;  ///< called on the loop's thread, in dispatch(); may submit and cancel
};

/// Accepts connections (non-blocking, close-on-exec) until cancelled or failing. accept4(2)
struct accept_operation : operation {
    explicit accept_operation(complete_function f) noexcept : operation(opcode::accept, f) {}
    bool once = false;  ///< over after one connection: the others stay in the kernel's queue
};

/// Receives into memory of the backend's until end of stream (result 0), an error, or cancellation. recv(2)
struct receive_operation : operation {
    explicit receive_operation(complete_function f) noexcept : operation(opcode::receive, f) {}
    bool paused = false;  ///< the backend's own
};

/// Sends all of `bytes`, which stay where they are until it is complete; the result is their count or -errno. send(2)
struct send_operation : operation {
    explicit send_operation(complete_function f) noexcept : operation(opcode::send, f) {}
    std::span<const std::byte> bytes{};
    std::size_t sent = 0;  ///< the backend's own count
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

}  // namespace weft::inline v0
