// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/server/server_setup.hpp"

#include <weft/coro/task.hpp>
#include <weft/io/address.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>
#include <weft/loop/loop_resource.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace weft::inline v0::http {

class server_core;

/// The further loops of a server, each with a `server_core` of its own on a thread of its own.
///
/// All of it is the first loop's but for what a thread runs. The two sides talk by call_soon_threadsafe(): the first has the
/// others close; they tell when they listen and when they have ended. No thread outlives this, or the first loop.
class server_threads final : public loop_resource, public std::enable_shared_from_this<server_threads> {
public:
    /// @param first  is closed when one of the others fails
    server_threads(std::weak_ptr<server_core> first, event_loop& loop);
    server_threads(const server_threads&) = delete;
    server_threads& operator=(const server_threads&) = delete;
    ~server_threads();

    /// Returns when all of them listen. @param at  all of the same port
    /// @throws awaited: what one of them fails with; std::system_error  no thread can be started
    task<> start(std::shared_ptr<const server_setup> setup, const std::vector<address>& at);
    /// Has each do what server_core does by that name.
    void close() noexcept;
    void abort() noexcept;
    /// @throws awaited: what the first to fail has failed with
    task<> wait_ended();

    std::size_t connections() const noexcept;
    std::size_t requests() const noexcept;

    void loop_closes() noexcept override { end(); }

private:
    struct member;

    void run(member& m) noexcept;
    task<> serve(member& m);
    template <class F>
    void tell(F f) noexcept;
    static void post(const member& m, void (*f)(server_core&)) noexcept;
    void on_listening();
    void on_ended(member& m, std::exception_ptr error);
    void end() noexcept;

    const std::weak_ptr<server_core> first_;
    event_loop& loop_;
    std::vector<std::string> hosts_;
    std::uint16_t port_ = 0;
    std::vector<std::unique_ptr<member>> members_;
    std::size_t starting_ = 0;  // that do not listen yet
    std::size_t left_ = 0;  // that have not ended
    std::exception_ptr error_;  // the first
    future<> started_, ended_;
};

}  // namespace weft::inline v0::http
