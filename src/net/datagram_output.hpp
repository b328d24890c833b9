// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"
#include "loop/owned_operation.hpp"

#include <weft/loop/event_loop.hpp>

#include <sys/socket.h>

#include <cstddef>
#include <span>
#include <utility>

namespace weft::inline v0 {

/// Tries to send a socket's datagrams, and when the kernel takes no more calls `go_on` of its owner once it may.
///
/// A Unix socket that is not connected is always said to be writable: whose queue is full, the kernel learns by trying, as we
/// do. So where nothing could be sent upon its word, a timer has the next.
template <class Owner, void (Owner::*go_on)()>
class datagram_output {
public:
    datagram_output(Owner& o, event_loop& loop) noexcept
        : owner_(o), loop_(loop), send_([](operation&, const completion&) {}), writable_(*this), retry_(*this) {}

    void use(native_handle fd) noexcept { send_.fd = writable_.fd = fd; }
    /// @param to  of no bytes: the peer
    /// @return -errno; -EAGAIN: it is to be tried again after wait()
    int try_send(std::span<const std::byte> bytes, const void* to, socklen_t to_bytes) noexcept {
        send_.use({const_cast<std::byte*>(bytes.data()), bytes.size()});
        if (to_bytes) {
            send_.header.msg_name = const_cast<void*>(to);
            send_.header.msg_namelen = to_bytes;
        }
        const int result = loop_.operations().try_send_message(send_);
        if (result != -EAGAIN) said_to_be_writable_ = false;
        return result;
    }
    bool is_waiting() const noexcept { return writable_.is_submitted() || retry_.is_linked(); }
    /// @throws std::system_error, std::bad_alloc
    void wait() {
        constexpr nanos between_tries = 1'000'000;
        if (std::exchange(said_to_be_writable_, false)) {
            return loop_.add_timer(retry_, deadline_after(loop_.now(), between_tries));
        }
        loop_.operations().submit(writable_);
    }
    void stop() noexcept {
        loop_.operations().cancel(writable_);
        retry_.unlink();
    }

private:
    void on_writable(const completion&) {
        said_to_be_writable_ = true;
        (owner_.*go_on)();  // last: it may be the end of the owner
    }
    void on_time() { (owner_.*go_on)(); }

    Owner& owner_;
    event_loop& loop_;
    send_message_operation send_;  // never submitted: tried
    owned_operation<writable_operation, datagram_output, &datagram_output::on_writable> writable_;
    owned_timer<datagram_output, &datagram_output::on_time> retry_;
    bool said_to_be_writable_ = false;  // and nothing was sent since
};

}  // namespace weft::inline v0
