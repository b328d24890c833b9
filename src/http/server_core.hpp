// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/exchange.hpp"

#include <weft/base/intrusive_list.hpp>
#include <weft/http/server.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/net/server.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0::http {

class server_connection;

/// What the connections of a server have in common. Kept by the server and by each of them.
///
/// Once a second, while there are connections, it looks at the deadline of each: a request costs no timer, and what is
/// given up is given up at most a second late.
class server_core final : public std::enable_shared_from_this<server_core> {
public:
    server_core(handler answers, server_options options);
    server_core(const server_core&) = delete;
    server_core& operator=(const server_core&) = delete;
    ~server_core();

    const handler& answers() const noexcept { return answers_; }
    const server_options& options() const noexcept { return options_; }
    const http::limits& limits() const noexcept { return options_.limits; }

    task<> start();
    void close() noexcept;
    bool is_closing() const noexcept { return closing_; }
    weft::server& listener();
    bool listens() const noexcept { return listener_.has_value(); }

    void add(server_connection& c);
    void remove(server_connection& c) noexcept;
    std::size_t connections() const noexcept { return connection_count_; }
    std::size_t requests() noexcept;

    /// Memory for a request and its answer, which idle connections have none of.
    std::unique_ptr<exchange> take_exchange();
    /// @param e  whose parser is between two heads
    void give_back(std::unique_ptr<exchange> e) noexcept;

    /// Seconds since it began.
    std::uint32_t tick() const noexcept { return tick_; }
    /// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", of this second.
    const std::string& date_line() const noexcept { return date_line_; }

private:
    void sweep();
    void arm();

    handler answers_;
    server_options options_;
    std::optional<weft::server> listener_;
    intrusive_list<server_connection> connections_;
    std::size_t connection_count_ = 0;
    std::vector<std::unique_ptr<exchange>> spare_;
    std::string date_line_;
    std::uint32_t tick_ = 0;
    timer_handle timer_;
    bool sweeps_ = false;
    bool closing_ = false;
};

}  // namespace weft::inline v0::http
