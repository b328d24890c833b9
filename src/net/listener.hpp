// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/operation.hpp"
#include "net/bound_socket.hpp"

#include <weft/io/address.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/timer_queue.hpp>

namespace weft::inline v0 {

class listener;

/// Whom a listener brings its connections to.
class accept_sink {
public:
    /// May destroy the listener.
    virtual void on_accepted(listener& from, unique_fd accepted) = 0;

protected:
    ~accept_sink() = default;
};

/// One listening socket of a server. Out of descriptors, or the kernel out of memory, it pauses, and says so once.
class listener final : public accept_operation {
public:
    /// @param one_by_one  after each connection it accepts no more until resume()
    listener(event_loop& loop, accept_sink& sink, bound_socket socket, bool one_by_one);
    ~listener();

    /// Begins to listen. @throws std::system_error naming the address
    void start(int backlog);
    /// Accepts again. No-op while it does.
    void resume() noexcept;

    native_handle socket() const noexcept { return socket_.fd.get(); }
    address local() const;
    bool is_tcp() const noexcept { return is_tcp_; }

private:
    static void completed(operation& op, const completion& c);
    void pause() noexcept;

    event_loop& loop_;
    accept_sink& sink_;
    bound_socket socket_;
    owned_timer<listener, &listener::resume> retry_;
    bool is_tcp_;
    bool said_ = false;  // that it pauses; until a connection has come
};

}  // namespace weft::inline v0
