// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_connection.hpp"
#include "http/server/server_core.hpp"
#include "http/server/server_threads.hpp"

#include <weft/base/errors.hpp>
#include <weft/loop/cancel_scope.hpp>

#include <algorithm>
#include <exception>
#include <utility>

// How a server begins and ends.

namespace weft::inline v0::http {

namespace {

/// Fails if somebody listens there already: with SO_REUSEPORT alone a server that is started twice would not notice, and
/// each would get a part of the connections.
task<> require_free_port(std::string host, std::uint16_t port) {
    const auto refuses = [](stream) -> task<> { co_return; };
    weft::server_options binds_only;
    binds_only.start_serving = false;
    const weft::server free = co_await start_server(refuses, std::move(host), port, std::move(binds_only));
}

}  // namespace

task<> server_core::listen(std::vector<std::string> hosts, std::uint16_t port) {
    const server_options& o = options();
    weft::server_options how{.tls = o.tls,
                             .limit = std::max(limits().pipelined_bytes, limits().head_bytes),
                             .reuse_port = o.reuse_port || o.threads > 1,
                             .max_connections = setup_->share_of(thread_),
                             .drain_timeout = o.drain_timeout};
    // Each connection keeps what it needs of this: the listener's handler must not, being kept by this.
    auto serves = [weak = weak_from_this()](stream s) -> task<> {
        if (auto core = weak.lock()) co_await server_connection::serve(std::move(core), std::move(s));
    };
    listener_.emplace(co_await start_server(std::move(serves), std::move(hosts), port, std::move(how)));
    if (closing_) listener_->close();
}

task<> server_core::start() {
    if (closing_) throw invalid_state_error("http::server: it is closed");
    if (listener_) throw invalid_state_error("http::server: it has been started already");
    const server_options& o = options();
    if (o.threads > 1 && !o.reuse_port && o.port != 0) co_await require_free_port(o.host, o.port);
    std::vector<std::string> hosts(1, o.host);
    co_await listen(std::move(hosts), o.port);
    if (o.threads == 1) co_return;
    others_ = std::make_shared<server_threads>(weak_from_this(), get_running_loop());
    std::exception_ptr error;
    try {
        co_await others_->start(setup_, listener_->addresses());
    } catch (...) {
        error = std::current_exception();
    }
    if (!error) co_return;
    close();
    std::rethrow_exception(error);
}

/// A task that is in serve_until_closed().
class server_core::serving {
public:
    explicit serving(server_core& of) : of_(of) {
        if (of_.is_served_) throw invalid_state_error("http::server: another task is serving already");
        of_.is_served_ = true;
    }
    serving(const serving&) = delete;
    serving& operator=(const serving&) = delete;
    ~serving() { of_.is_served_ = false; }

private:
    server_core& of_;
};

task<> server_core::serve_until_closed() {
    const auto self = shared_from_this();
    const serving here(*this);
    try {
        const until_closed closing(*this);
        co_await done_awaiter(closing.closed.state());
    } catch (const cancelled_error&) {  // the request to stop
    }
    close();
    const cleanup_shield drains(co_await with_task());
    std::exception_ptr error;
    try {
        co_await listener().exit(nullptr);
        if (others_) co_await others_->wait_ended();
    } catch (...) {
        error = std::current_exception();
    }
    if (!error) co_return;
    if (others_) others_->abort();
    std::rethrow_exception(error);
}

task<> server_core::wait_closed() {
    const auto self = shared_from_this();
    weft::server& listening = listener();
    {
        const until_closed closing(*this);
        co_await done_awaiter(closing.closed.state());
    }
    co_await listening.exit(nullptr);  // to drain_timeout
    if (others_) co_await others_->wait_ended();
}

}  // namespace weft::inline v0::http
