// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/server/exchange.hpp"
#include "http/server/server_setup.hpp"

#include <weft/base/intrusive_list.hpp>
#include <weft/http/server.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>
#include <weft/net/server.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0::http {

class server_connection;
class server_threads;

/// Changed by its loop's thread alone; any may look at it.
class loop_count {
public:
    void operator+=(std::size_t n) noexcept { value_.store(*this + n, std::memory_order_relaxed); }
    void operator-=(std::size_t n) noexcept { value_.store(*this - n, std::memory_order_relaxed); }
    operator std::size_t() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::size_t> value_ = 0;
};

/// What the connections of a server on one loop have in common. Kept by the server and by each of them. The one on the loop
/// where the server was started has the others, if it is to have several.
///
/// Once a second, while there are connections, it looks at the deadline of each: a request costs no timer, and what is
/// given up is given up at most a second late.
class server_core final : public std::enable_shared_from_this<server_core> {
public:
    /// @param thread  0: the one on which the server is started
    explicit server_core(std::shared_ptr<const server_setup> setup, unsigned thread = 0);
    server_core(const server_core&) = delete;
    server_core& operator=(const server_core&) = delete;
    ~server_core();

    const server_setup& setup() const noexcept { return *setup_; }
    const handler& answers() const noexcept { return setup_->answers; }
    const server_options& options() const noexcept { return setup_->options; }
    const http::limits& limits() const noexcept { return setup_->options.limits; }

    /// Listens, with all its threads.
    task<> start();
    /// Listens, on this loop alone.
    task<> listen(std::vector<std::string> hosts, std::uint16_t port);
    /// Waits until this task is cancelled, or it is closed; then drains. Precondition: it listens
    task<> serve_until_closed();
    /// Waits until it is closed; then drains. @throws awaited: invalid_state_error  it has never listened
    task<> wait_closed();
    void close() noexcept;
    /// Closes it, and cancels what it does, on this loop.
    void abort();
    bool is_closing() const noexcept { return closing_; }
    weft::server& listener();
    bool listens() const noexcept { return listener_.has_value(); }

    void add(server_connection& c);
    void remove(server_connection& c) noexcept;
    loop_count& answering() noexcept { return answering_; }
    /// Of this loop and the others that it has.
    std::size_t connections() const noexcept;
    std::size_t requests() const noexcept;

    /// Memory for a request and its answer, which idle connections have none of.
    std::unique_ptr<exchange> take_exchange();
    /// @param e  whose parser is between two heads
    void give_back(std::unique_ptr<exchange> e) noexcept;

    /// Seconds since it began.
    std::uint32_t tick() const noexcept { return tick_; }
    /// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", of this second.
    const std::string& date_line() const noexcept { return date_line_; }

private:
    class serving;
    /// Of a task that waits for it to be closed.
    struct until_closed : list_node {
        explicit until_closed(server_core& of) : closed(get_running_loop()) {
            of.closing_ ? closed.set_result() : of.waiters_.push_back(*this);
        }
        future<> closed;
    };

    void sweep();

    const std::shared_ptr<const server_setup> setup_;
    const unsigned thread_;
    std::optional<weft::server> listener_;
    std::shared_ptr<server_threads> others_;
    intrusive_list<until_closed> waiters_;
    bool is_served_ = false;  // a task is in serve_until_closed()
    intrusive_list<server_connection> connections_;
    loop_count connection_count_, answering_;
    std::vector<std::unique_ptr<exchange>> spare_;
    std::string date_line_;
    std::uint32_t tick_ = 0;
    timer_handle timer_;
    bool sweeps_ = false;
    bool closing_ = false;
};

}  // namespace weft::inline v0::http
