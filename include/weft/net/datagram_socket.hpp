// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/coro/immediate.hpp>
#include <weft/coro/task.hpp>
#include <weft/io/address.hpp>
#include <weft/loop/waiter.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft::inline v0 {

class datagram_core;

/// One message, whole, or cut if there was less room than it has bytes.
struct datagram {
    std::string bytes;
    address from;  ///< empty: a Unix socket without a name
    std::size_t sent_bytes = 0;  ///< how long it was when it was sent
    bool is_truncated() const noexcept { return bytes.size() < sent_bytes; }
};

/// What came of a datagram received into memory of the caller's.
struct received_datagram {
    std::size_t bytes = 0;  ///< stored
    address from;
    std::size_t sent_bytes = 0;
    bool is_truncated() const noexcept { return bytes < sent_bytes; }
};

struct datagram_options {
    /// Allow sending to a broadcast address; else that is refused (permission_denied).
    bool broadcast = false;
    /// Share the port with other sockets of the same user (SO_REUSEPORT): the kernel deals the datagrams out among them.
    bool reuse_port = false;
    /// Share the port with whoever asks for the same (SO_REUSEADDR), as several receivers of one multicast group do. With
    /// unicast it lets others take our datagrams.
    bool reuse_address = false;
    /// The longest datagram that is received whole: at least 1. By default the longest that UDP has.
    std::size_t max_bytes = 65'535;
    /// How much the kernel keeps for us, and of ours. Empty: the system's default.
    std::optional<int> receive_buffer_bytes = std::nullopt;
    std::optional<int> send_buffer_bytes = std::nullopt;
    /// connect: where to send from, and be answered at.
    std::optional<address> local = std::nullopt;
};

/// Suspends a task until a datagram has come. The datagram stays the socket's until the task goes on: cancelled or
/// destroyed before, the next receive has it.
class receive_awaiter : public waiter, public list_node {
public:
    bool await_ready();
    void start();
    void abandon() noexcept;

protected:
    explicit receive_awaiter(datagram_core& s) noexcept : waiter(kind_), socket_(&s) {}
    ~receive_awaiter() { abandon(); }

    datagram take_datagram();
    received_datagram take_into(std::span<std::byte> buffer);
    /// For a task that receives. @throws invalid_state_error  this was awaited before
    datagram_core& core() const;

private:
    friend class datagram_core;
    static const wait_kind kind_;
    void arrive();
    void let_go() noexcept;

    datagram_core* socket_;  // null: it was closed while this waited, or this has what it waited for
    bool started_ = false;
    bool waits_ = false;  // in line, or promised what has come: the socket knows of this, and else may be gone
};

class [[nodiscard("a receive does nothing unless it is awaited")]] datagram_receive : public receive_awaiter {
public:
    datagram await_resume() { return take_datagram(); }

    /// For wait_for(), create_task(), gather() and the like. A datagram that a task has received is its own.
    friend weft::task<datagram> to_task(datagram_receive&& r);

private:
    friend class datagram_socket;
    using receive_awaiter::receive_awaiter;
    static weft::task<datagram> receiving(std::shared_ptr<datagram_core> s, bool was_open);
};

class [[nodiscard("a receive does nothing unless it is awaited")]] datagram_receive_into : public receive_awaiter {
public:
    received_datagram await_resume() { return take_into(buffer_); }

    /// As above; the buffer is the caller's, and must outlive the task.
    friend weft::task<received_datagram> to_task(datagram_receive_into&& r);

private:
    friend class datagram_socket;
    datagram_receive_into(datagram_core& s, std::span<std::byte> buffer) noexcept
        : receive_awaiter(s), buffer_(buffer) {}
    static weft::task<received_datagram> receiving(std::shared_ptr<datagram_core> s, std::span<std::byte> buffer,
                                                   bool was_open);
    std::span<std::byte> buffer_;
};

/// Suspends a task until the kernel has taken a datagram.
class [[nodiscard("a send does nothing unless it is awaited")]] datagram_send : public waiter, public list_node {
public:
    bool await_ready();
    void await_resume();
    void start();
    void abandon() noexcept;
    /// For select(): it is sent, or was refused.
    bool cannot_be_undone() const noexcept { return over_; }
    ~datagram_send() { abandon(); }

    /// For wait_for(), create_task(), gather() and the like. The task has its own copy of the bytes.
    friend weft::task<> to_task(datagram_send&& s);

private:
    friend class datagram_core;
    friend class datagram_socket;
    datagram_send(datagram_core& s, std::span<const std::byte> bytes) noexcept;
    datagram_send(datagram_core& s, std::span<const std::byte> bytes, const address& to);
    using native_address = std::array<std::byte, 128>;  // a sockaddr_storage
    static weft::task<> sending(std::shared_ptr<datagram_core> s, std::string bytes, native_address to,
                                unsigned to_bytes, bool was_open);
    static const wait_kind kind_;
    [[noreturn]] void throw_refused() const;

    datagram_core* socket_;  // null: it was closed while this waited
    std::span<const std::byte> bytes_;
    alignas(8) native_address to_;
    unsigned to_bytes_ = 0;  // 0: the peer it is connected to
    bool over_ = false;
    int error_ = 0;
};

/// Sends and receives datagrams: UDP, or Unix sockets. Each comes whole or not at all; UDP may lose, double and reorder
/// them, and nobody says so.
///
/// Any number of tasks may receive, and send: first come, first served. A datagram that has come for a receive that is
/// cancelled is for the next one. A socket that has received has one buffer of max_bytes, of which only what is used
/// becomes resident.
///
/// Errors: std::system_error naming the address. One that comes back from the network later (connection_refused: nobody
/// listens there; only connected sockets are told) is raised by the next receive or send. The socket goes on.
/// @thread its loop's  @see asyncio's create_datagram_endpoint, udp(7), unix(7), docs/guide/datagrams.md
class datagram_socket {
public:
    datagram_socket() noexcept = default;
    datagram_socket(datagram_socket&&) noexcept;
    datagram_socket& operator=(datagram_socket&&) noexcept;
    ~datagram_socket();
    explicit operator bool() const noexcept { return core_ != nullptr; }

    /// A UDP socket that receives what is sent to a port of this machine.
    /// @param host  an address; a name, of which the first address counts (see resolve); or empty for every IPv4 address of
    ///     the machine  @param port  0: the kernel chooses; see local()
    /// @throws awaited: std::system_error naming the address (address_in_use, …); resolve_error
    static task<datagram_socket> bind(std::string host, std::uint16_t port, datagram_options options = {});
    /// A UDP socket with one peer: it sends there, and receives from nobody else.
    static task<datagram_socket> connect(std::string host, std::uint16_t port, datagram_options options = {});
    /// The same between processes of this machine. A path that begins with '@' or a NUL byte is abstract: no file. A socket's file whose
    /// owner is gone is replaced; ours goes when the socket is closed.
    static task<datagram_socket> bind_unix(std::string path, datagram_options options = {});
    /// @param options  without `local` the socket has no name, and cannot be answered
    static task<datagram_socket> connect_unix(std::string path, datagram_options options = {});

    /// A socket of one's own: bound, connected, both, or neither, which will do to send. It is this socket's from the call on,
    /// also where that throws, and made non-blocking; a Unix socket's file is left alone.
    /// @param options  of these max_bytes: the others are to be set before
    /// @throws awaited: std::invalid_argument  it is no socket, or one for streams; another option; invalid_state_error
    ///     add_reader() or add_writer() watches it, and no more then  @see loop.sock_recvfrom
    static task<datagram_socket> adopt(unique_fd socket, datagram_options options = {});

    /// From now on this is its only peer. A bound socket stays bound.
    /// @throws std::system_error, std::invalid_argument: at the call
    immediate<> connect(const address& peer);

    /// Waits for a datagram. @return awaited: the datagram, with its sender; perhaps without a single byte
    /// @throws awaited: std::system_error  see above; connection_aborted  it was closed meanwhile
    /// @cancel no datagram is lost  @cost an allocation if it is longer than a small string, or its sender's address is
    /// @see recvfrom(2), loop.sock_recvfrom, examples/30_udp.cpp
    datagram_receive receive_from();
    /// The same into memory of the caller's that outlives the await, or the task that it is made, and may be shorter than max_bytes: what does not fit is dropped, and the
    /// result says so. @cost no allocation, but for an IPv6 sender's address
    datagram_receive_into receive_from(std::span<std::byte> buffer);

    /// Sends one datagram: at once, unless the kernel has as much as it takes. In the order of the awaits.
    /// @param bytes  live until this has been awaited, or made a task  @param to  an address, not a name; or a Unix socket's path
    /// @throws std::invalid_argument  at the call: `to` is no address
    /// @throws awaited: std::system_error  (message_size: it is too long for a datagram; permission_denied: a broadcast
    ///     address without the option); nothing was sent
    /// @cancel while it waits nothing is sent; once it is sent, the next await raises
    /// @cost no allocation. A Unix socket that is not connected, and whose peer does not keep up, tries again every
    ///     millisecond: the kernel tells it nothing  @see sendto(2)
    datagram_send send_to(std::span<const std::byte> bytes, const address& to);
    datagram_send send_to(std::string_view text, const address& to) {
        return send_to(std::as_bytes(std::span(text)), to);
    }
    /// To the peer of a connected socket. @throws awaited: as above; destination_address_required  it has none
    datagram_send send(std::span<const std::byte> bytes);
    datagram_send send(std::string_view text) { return send(std::as_bytes(std::span(text))); }

    /// Receives what is sent to a multicast group too. (Not, as is usual with Linux, what is sent to groups that others
    /// have joined.)
    /// @param group  an IPv4 or IPv6 address  @param interface  its name, or one of its IPv4 addresses; empty: the system's choice
    /// @throws std::system_error; std::invalid_argument  a group that is no address
    void join_multicast(const std::string& group, const std::string& interface = {});
    void leave_multicast(const std::string& group, const std::string& interface = {});
    /// By which interface it sends to groups.
    void set_multicast_interface(const std::string& interface);
    /// Over how many routers what is sent to a group may go. @param hops  0 .. 255; the system's default is 1
    void set_multicast_ttl(int hops);
    /// Whether sockets of this machine receive what it sends to a group; so by default.
    void set_multicast_loopback(bool on);

    /// What it is bound to; the kernel's choice, if that was asked.
    address local() const;
    /// What it is connected to; empty: nothing, or somebody without a name (see socketpair(2)).
    address peer() const;
    /// To be looked at, and for options: it remains the socket's, and add_reader() refuses it.
    native_handle descriptor() const;

    /// Closes now: whoever waits gets connection_aborted. Idempotent; the destructor does the same.
    immediate<> close() noexcept;

private:
    explicit datagram_socket(std::unique_ptr<datagram_core> core);
    datagram_core& core() const;

    std::shared_ptr<datagram_core> core_;  // tasks that are to use it have it too, and find it closed once this is gone
};

}  // namespace weft::inline v0
