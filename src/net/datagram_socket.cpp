// SPDX-License-Identifier: Apache-2.0
#include "io/socket_address.hpp"
#include "net/datagram_address.hpp"
#include "net/datagram_core.hpp"
#include "net/datagram_open.hpp"
#include "net/multicast.hpp"
#include "net/resolver.hpp"

#include <weft/base/errors.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

// Receiving

const wait_kind receive_awaiter::kind_ = {
    .name = "datagram receive",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<receive_awaiter&>(w);
            self.abandon();
            self.wake();
            return false;
        },
};

bool receive_awaiter::await_ready() {
    if (!socket_) throw invalid_state_error("receive: this receive was awaited before");
    socket_->require_open("receive");
    return socket_->can_take(nullptr);
}

void receive_awaiter::start() {
    started_ = true;
    socket_->wait(*this);
}

void receive_awaiter::abandon() noexcept {
    if (waits_) socket_->leave(*this);
}

/// The wait is over. @throws cancelled_error, what came in place of a datagram
void receive_awaiter::arrive() {
    if (task_core* const t = task(); t && t->must_cancel()) [[unlikely]] {
        abandon();  // now: what is awaited may outlive the await
        t->raise_pending_cancellation();
    }
    if (!socket_) datagram_core::throw_closed("receive");
    if (started_ && !waits_) throw cancelled_error();  // only that takes it out of the line
    if (const int error = socket_->error()) {
        const std::string what = "receive at " + local_address(socket_->fd()).to_string();
        let_go();
        throw std::system_error(error, std::generic_category(), what);
    }
}

/// It has what it waited for. The socket may die in the same full expression, before this does.
void receive_awaiter::let_go() noexcept {
    waits_ = false;
    std::exchange(socket_, nullptr)->taken();
}

datagram receive_awaiter::take_datagram() {
    arrive();
    datagram_core& s = *socket_;
    const auto bytes = s.bytes();
    datagram out{.bytes = std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                 .from = s.from(),
                 .sent_bytes = s.sent_bytes()};
    let_go();
    return out;
}

received_datagram receive_awaiter::take_into(std::span<std::byte> buffer) {
    arrive();
    datagram_core& s = *socket_;
    const auto bytes = s.bytes().first(std::min(s.bytes().size(), buffer.size()));
    std::ranges::copy(bytes, buffer.begin());
    received_datagram out{.bytes = bytes.size(), .from = s.from(), .sent_bytes = s.sent_bytes()};
    let_go();
    return out;
}

// Sending

const wait_kind datagram_send::kind_ = {
    .name = "datagram send",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<datagram_send&>(w);
            self.abandon();
            self.wake();
            return false;
        },
};

datagram_send::datagram_send(datagram_core& s, std::span<const std::byte> bytes) noexcept
    : waiter(kind_), socket_(&s), bytes_(bytes) {}
datagram_send::datagram_send(datagram_core& s, std::span<const std::byte> bytes, const address& to)
    : datagram_send(s, bytes) {
    static_assert(sizeof to_ == sizeof(sockaddr_storage) && alignof(sockaddr_storage) <= 8);
    const socket_address target = datagram_address("send_to", to, s.family());
    std::memcpy(to_.data(), target.get(), target.bytes);
    to_bytes_ = target.bytes;
}

bool datagram_send::await_ready() {
    if (over_) throw invalid_state_error("send: this send was awaited before");
    socket_->require_open("send");
    return !socket_->has_senders() && socket_->try_send(*this);
}

void datagram_send::start() { socket_->wait(*this); }

void datagram_send::abandon() noexcept { unlink(); }

void datagram_send::await_resume() {
    if (!over_) {
        this->resumed();
        if (!socket_) datagram_core::throw_closed("send");
        throw cancelled_error();  // only that takes it out of the line
    }
    if (error_) throw_refused();
}

void datagram_send::throw_refused() const {
    std::string what = "send " + std::to_string(bytes_.size()) + " bytes";
    if (to_bytes_) {
        sockaddr_storage to{};
        std::memcpy(&to, to_.data(), to_bytes_);
        what += " to " + to_address(to, to_bytes_).to_string();
        if (error_ == EACCES) what += " (a broadcast address needs the option broadcast)";
    }
    throw std::system_error(error_, std::generic_category(), what);
}

// The socket

datagram_socket::datagram_socket(std::unique_ptr<datagram_core> core) : core_(std::move(core)) {}
datagram_socket::datagram_socket(datagram_socket&&) noexcept = default;
datagram_socket& datagram_socket::operator=(datagram_socket&& other) noexcept {
    const datagram_socket gone(std::move(*this));
    core_ = std::move(other.core_);
    return *this;
}
datagram_socket::~datagram_socket() {
    if (core_) core_->close();
}

namespace {
/// The first address of a host, which the system prefers.
task<socket_address> first_address(std::string host, std::uint16_t port, bool to_bind) {
    const auto all = co_await look_up(make_query(std::move(host), std::to_string(port), address_family::any, to_bind));
    co_return all.front();
}
}  // namespace

task<datagram_socket> datagram_socket::bind(std::string host, std::uint16_t port, datagram_options options) {
    const socket_address at = co_await first_address(host.empty() ? "0.0.0.0" : std::move(host), port, true);
    co_return datagram_socket(open_datagram_socket(&at, nullptr, options));
}
task<datagram_socket> datagram_socket::connect(std::string host, std::uint16_t port, datagram_options options) {
    const socket_address to = co_await first_address(std::move(host), port, false);
    if (!options.local) co_return datagram_socket(open_datagram_socket(nullptr, &to, options));
    const socket_address from = datagram_address("datagram_socket::connect", *options.local);
    co_return datagram_socket(open_datagram_socket(&from, &to, options));
}

task<datagram_socket> datagram_socket::bind_unix(std::string path, datagram_options options) {
    const socket_address at = unix_address("datagram_socket::bind_unix", path);
    co_return datagram_socket(open_datagram_socket(&at, nullptr, options));
}
task<datagram_socket> datagram_socket::connect_unix(std::string path, datagram_options options) {
    const socket_address to = unix_address("datagram_socket::connect_unix", path);
    if (!options.local) co_return datagram_socket(open_datagram_socket(nullptr, &to, options));
    const socket_address from = unix_address("datagram_socket::connect_unix", options.local->host);
    co_return datagram_socket(open_datagram_socket(&from, &to, options));
}

task<datagram_socket> datagram_socket::adopt(unique_fd socket, datagram_options options) {
    co_return datagram_socket(open_datagram_socket(std::move(socket), options));
}

datagram_core& datagram_socket::core() const {
    if (!core_) throw invalid_state_error("the socket was moved from");
    return *core_;
}

datagram_receive datagram_socket::receive_from() { return datagram_receive(core()); }
datagram_receive_into datagram_socket::receive_from(std::span<std::byte> buffer) { return {core(), buffer}; }
datagram_send datagram_socket::send_to(std::span<const std::byte> bytes, const address& to) {
    return {core(), bytes, to};
}
datagram_send datagram_socket::send(std::span<const std::byte> bytes) { return {core(), bytes}; }

immediate<> datagram_socket::connect(const address& peer) {
    core().require_open("connect");
    connect_datagram_socket(core().fd(), datagram_address("connect", peer, core().family()));
    return {};
}

void datagram_socket::join_multicast(const std::string& group, const std::string& interface) {
    core().require_open("join_multicast");
    change_membership(core().fd(), true, "join_multicast", group, interface);
}
void datagram_socket::leave_multicast(const std::string& group, const std::string& interface) {
    core().require_open("leave_multicast");
    change_membership(core().fd(), false, "leave_multicast", group, interface);
}
void datagram_socket::set_multicast_interface(const std::string& interface) {
    core().require_open("set_multicast_interface");
    weft::set_multicast_interface(core().fd(), interface);
}
void datagram_socket::set_multicast_ttl(int hops) {
    core().require_open("set_multicast_ttl");
    weft::set_multicast_ttl(core().fd(), hops);
}
void datagram_socket::set_multicast_loopback(bool on) {
    core().require_open("set_multicast_loopback");
    weft::set_multicast_loopback(core().fd(), on);
}

address datagram_socket::local() const { return local_address(core().fd()); }
address datagram_socket::peer() const { return peer_address(core().fd()); }
native_handle datagram_socket::descriptor() const { return core().fd(); }

immediate<> datagram_socket::close() noexcept {
    if (core_) core_->close();
    return {};
}

}  // namespace weft::inline v0
