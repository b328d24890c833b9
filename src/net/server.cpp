// SPDX-License-Identifier: Apache-2.0
#include "io/socket_address.hpp"
#include "io/socket_layer.hpp"
#include "io/stream_core.hpp"
#include "net/socket.hpp"

#include <weft/loop/cancel_scope.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/net/server.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <system_error>

namespace weft::inline v0 {

namespace {

constexpr nanos pause_without_descriptors = 100'000'000;

}  // namespace

/// What a server and its connections share: the listeners, the handler, and who is still being served.
class server_core final : public loop_resource, public std::enable_shared_from_this<server_core> {
public:
    server_core(event_loop& loop, connection_handler handler, const server_options& options)
        : loop_(loop), handler_(std::move(handler)), options_(options), ended_(loop) {
        loop_.attach(*this);
    }
    ~server_core() { close(); }

    void listen(const socket_address& at);
    void close() noexcept;
    void cancel_connections();
    void loop_closes() noexcept override { close(); }

    bool is_serving() const noexcept { return !listeners_.empty(); }
    std::size_t connections() const noexcept { return connection_count_; }
    std::vector<address> addresses() const;
    /// Done when it is closed and the last connection has ended.
    const future<>& ended() const noexcept { return ended_; }

private:
    /// One listening socket.
    class listener : public accept_operation {
    public:
        listener(server_core& s, unique_fd socket)
            : accept_operation(completed), owner(s), socket_(std::move(socket)), retry_(*this) {
            fd = socket_.get();
            owner.loop_.operations().submit(*this);
        }
        ~listener() {
            owner.loop_.operations().cancel(*this);
            owner.loop_.operations().close(socket_.release());
        }

    private:
        struct retry_timer : timer_node {
            explicit retry_timer(listener& l) noexcept : timer_node(fired), owner(l) {}
            static void fired(timer_node& t) {
                listener& l = static_cast<retry_timer&>(t).owner;
                try {
                    l.owner.loop_.operations().submit(l);
                } catch (const std::system_error&) {  // not even that: later
                    event_loop& loop = l.owner.loop_;
                    loop.add_timer(t, deadline_after(loop.now(), pause_without_descriptors));
                }
            }
            listener& owner;
        };
        static void completed(operation& op, const completion& c);

        server_core& owner;
        unique_fd socket_;
        retry_timer retry_;
        bool said_ = false;
    };

    /// A connection's place among those being served. A parameter of its task, so that it goes with the task even if that
    /// is cancelled before it has begun.
    struct connection : list_node, recycled {
        explicit connection(std::shared_ptr<server_core> s) noexcept : server(std::move(s)) {
            server->connections_.push_back(*this);
            ++server->connection_count_;
        }
        ~connection() {
            unlink();
            --server->connection_count_;
            server->note_end();
        }
        std::shared_ptr<server_core> server;
        task_core* task = nullptr;
    };

    void accept(int fd);
    static task<> serve(std::unique_ptr<connection> place, stream s);
    void note_end();

    event_loop& loop_;
    connection_handler handler_;
    server_options options_;
    std::vector<std::unique_ptr<listener>> listeners_;
    intrusive_list<connection> connections_;
    std::size_t connection_count_ = 0;
    future<> ended_;
};

void server_core::listen(const socket_address& at) {
    const std::string name = to_address(at.storage, at.bytes).to_string();
    unique_fd fd = make_tcp_socket(at.storage.ss_family);
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "start_server: SO_REUSEADDR");
    if (options_.reuse_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, "start_server: SO_REUSEPORT");
    if (at.storage.ss_family == AF_INET6)
        set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1, "start_server: IPV6_V6ONLY");
    if (::bind(fd.get(), at.get(), at.bytes) != 0)
        throw std::system_error(errno, std::generic_category(), "bind " + name);
    if (::listen(fd.get(), options_.backlog) != 0)
        throw std::system_error(errno, std::generic_category(), "listen on " + name);
    listeners_.push_back(std::make_unique<listener>(*this, std::move(fd)));
}

std::vector<address> server_core::addresses() const {
    std::vector<address> all;
    for (const auto& l : listeners_) all.push_back(local_address(l->fd));
    return all;
}

void server_core::listener::completed(operation& op, const completion& c) {
    auto& self = static_cast<listener&>(op);
    if (c.result >= 0) {
        self.said_ = false;
        return self.owner.accept(c.result);
    }
    event_loop& loop = self.owner.loop_;
    loop.add_timer(self.retry_, deadline_after(loop.now(), pause_without_descriptors));
    if (!std::exchange(self.said_, true)) {  // last: the handler may close the server
        const std::system_error error(-c.result, std::generic_category(),
                                      "accept on " + local_address(self.fd).to_string());
        loop.call_exception_handler({.message = "cannot accept connections for now: pausing 100 ms at a time",
                                     .exception = std::make_exception_ptr(error)});
    }
}

void server_core::accept(int fd) {
    try {
        unique_fd socket(fd);
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails only where it means nothing
        stream s(std::make_unique<stream_core>(loop_,
                                               std::make_unique<socket_layer>(loop_.operations(), std::move(socket)),
                                               stream_limits{.read_bytes = options_.limit}));
        auto place = std::make_unique<connection>(shared_from_this());
        connection& here = *place;
        here.task = &create_task_on(loop_, serve(std::move(place), std::move(s)), std::source_location()).core();
    } catch (...) {  // no memory, or no room in the kernel: that connection is closed, the others are served
        loop_.call_exception_handler(
            {.message = "cannot serve a new connection", .exception = std::current_exception()});
    }
}

/// One connection: the handler, and what it throws.
task<> server_core::serve(std::unique_ptr<connection> place, stream s) {
    server_core& self = *place->server;
    try {
        if (self.options_.tls) co_await s.start_tls(*self.options_.tls);
    } catch (const std::exception&) {
        self.loop_.call_exception_handler({.message = "A client's TLS handshake failed",
                                           .exception = std::current_exception(),
                                           .task = place->task->name()});
        co_return;
    }
    try {
        co_await self.handler_(std::move(s));
    } catch (const std::exception&) {
        self.loop_.call_exception_handler({.message = "Unhandled exception in a connection handler",
                                           .exception = std::current_exception(),
                                           .task = place->task->name()});
    }
}

void server_core::note_end() {
    if (!is_serving() && connection_count_ == 0 && !ended_.done() && !loop_.is_closing()) ended_.set_result();
}

void server_core::close() noexcept {
    if (listeners_.empty()) return;
    listeners_.clear();
    note_end();
}

void server_core::cancel_connections() {
    for (connection& c : connections_) c.task->cancel();  // which only makes tasks ready
}

// The handle

server::server(std::shared_ptr<server_core> core) noexcept : core_(std::move(core)) {}
server::server(server&&) noexcept = default;
server& server::operator=(server&& other) noexcept {
    if (this != &other) {
        if (core_) core_->close();
        core_ = std::move(other.core_);
    }
    return *this;
}
server::~server() {
    if (core_) core_->close();
}

server_core& server::core() const {
    if (!core_) throw invalid_state_error("the server was moved from");
    return *core_;
}
std::uint16_t server::port() const {
    const auto all = addresses();
    if (all.empty()) throw invalid_state_error("server::port: the server is closed");
    return all.front().port;
}
std::vector<address> server::addresses() const { return core().addresses(); }
bool server::is_serving() const noexcept { return core_ && core_->is_serving(); }
std::size_t server::connections() const noexcept { return core_ ? core_->connections() : 0; }
void server::close() noexcept {
    if (core_) core_->close();
}
void server::cancel_connections() { core().cancel_connections(); }

task<> server::wait_closed() {
    const auto core = this->core().shared_from_this();
    co_await done_awaiter(core->ended().state());
}

task<> server::serve_forever() {
    const auto core = this->core().shared_from_this();
    bool cancelled = false;
    try {
        co_await done_awaiter(core->ended().state());
    } catch (const cancelled_error&) {
        cancelled = true;
    }
    if (!cancelled) co_return;
    core->close();
    const cleanup_shield drains(co_await with_task());
    co_await done_awaiter(core->ended().state());
}

task<server> start_server_with(connection_handler handler, std::string host, std::uint16_t port,
                               server_options options) {
    auto core = std::make_shared<server_core>(get_running_loop(), std::move(handler), options);
    for (socket_address at : listening_addresses(host, port)) {
        // One port for all addresses, also where the kernel chooses it.
        if (core->is_serving()) at.set_port(core->addresses().front().port);
        try {
            core->listen(at);
        } catch (const std::system_error& e) {
            // A machine without IPv6: "every address" is then every IPv4 one.
            if (e.code() != std::errc::address_family_not_supported || !core->is_serving()) throw;
        }
    }
    co_return server(std::move(core));
}

}  // namespace weft::inline v0
