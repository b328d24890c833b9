// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/coro/task.hpp>
#include <weft/io/address.hpp>
#include <weft/loop/waiter.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace weft::inline v0 {

class base_protocol;
class buffered_protocol;
class endpoint_core;
class file;
class protocol;
class transport_core;
struct tls_info;

/// Above `high_bytes` of unsent output a protocol's pause_writing() is called, at `low_bytes` or less its
/// resume_writing().
struct write_buffer_limits {
    std::size_t low_bytes;
    std::size_t high_bytes;
    bool operator==(const write_buffer_limits&) const = default;
};

/// Suspends a task until a transport has got so far.
class transport_awaiter : public waiter, public list_node {
public:
    bool await_ready() const noexcept;
    void start() noexcept;
    void await_resume() { this->resumed(); }
    void abandon() noexcept { unlink(); }
    ~transport_awaiter() { abandon(); }

    /// For wait_for(), create_task(), gather() and the like.
    friend weft::task<> to_task(transport_awaiter&& w);

private:
    friend class endpoint_core;
    enum class until { made, lost };  // until connection_made(), or connection_lost(), has been called
    transport_awaiter(std::shared_ptr<endpoint_core> t, until u) noexcept;
    static weft::task<> waiting(std::shared_ptr<endpoint_core> t, until u);
    static const wait_kind kind_;

    std::shared_ptr<endpoint_core> transport_;
    until until_;
};

/// What a protocol sends by: a connection that is driven by callbacks. A handle, to be copied like a pointer; all copies
/// mean the same connection, and they may outlive it: what is called on one whose connection is lost does nothing.
///
/// Nothing here waits or fails but by misuse: what goes wrong ends the connection, and the protocol's connection_lost()
/// is told. Bytes are sent in the order in which they were written.
/// @thread its loop's  @see asyncio.Transport, PEP 3156
class transport {
public:
    transport() noexcept = default;
    explicit transport(std::shared_ptr<transport_core> core) noexcept : core_(std::move(core)) {}
    explicit operator bool() const noexcept { return core_ != nullptr; }
    bool operator==(const transport&) const = default;

    // Writing

    /// Sends all of `bytes`: on epoll at once, as far as the connection takes them; the rest, and all on io_uring, is
    /// copied and sent in the background. May call the protocol's pause_writing() before it returns. Dropped if the
    /// connection is lost.
    /// @throws invalid_state_error  write_eof() was called before; std::bad_alloc; std::length_error: 2 GiB would be
    ///     unsent. Nothing was written then
    /// @cost no allocation after warm-up; no copy of what the protocol passes on, whole, while it receives it
    void write(std::span<const std::byte> bytes) const;
    void write(std::string_view text) const { write(std::as_bytes(std::span(text))); }
    /// Writes the pieces as one: on epoll by one system call, as far as the connection takes them. @see writev(2)
    void writelines(std::span<const std::span<const std::byte>> pieces) const;
    void writelines(std::initializer_list<std::string_view> pieces) const;
    /// Sends a part of a file as one piece of the output, behind what was written before and ahead of what is written
    /// meanwhile: by sendfile(2) where the connection is a socket and the kind of file allows it, else by reading it. The
    /// default executor reads the disk. From its beginning until it is over the protocol is told nothing of what comes in, and is_reading() is false.
    /// pause_writing() and resume_writing() are called for what is written meanwhile as at any time; the file does not
    /// count. Several are sent in the order in which their tasks begin.
    /// @param file  a regular file; may be closed once this has been awaited  @param count  empty: up to its end
    /// @return awaited: bytes sent; fewer than `count` if the file is shorter
    /// @throws awaited: std::system_error, tls_error: the file cannot be sent (if nothing of it was, the connection goes on
    ///     with what was written behind it; else it is lost by that), or what the connection is lost by meanwhile
    ///     (connection_aborted by abort()); invalid_state_error: the transport is closing, or write_eof() was called before
    /// @cancel ends the wait; the file is sent all the same, unless the connection is lost
    /// @cost some allocations, a call on another thread for each 4 MiB or full socket buffer
    /// @see asyncio loop.sendfile, stream::send_file, sendfile(2)
    task<std::uint64_t> send_file(native_handle file, std::uint64_t offset = 0,
                                  std::optional<std::uint64_t> count = std::nullopt) const;
    /// The same of a file that is open for reading, whose position is behind what was sent afterwards, as by
    /// stream::send_file; if this is cancelled, behind what had gone by then.
    task<std::uint64_t> send_file(const file& from, std::uint64_t offset = 0,
                                  std::optional<std::uint64_t> count = std::nullopt) const;
    /// Ends our direction once everything written is sent; reading goes on.
    void write_eof() const;
    bool can_write_eof() const noexcept { return true; }
    /// Bytes written and not yet given to the kernel.
    std::size_t get_write_buffer_size() const noexcept;
    write_buffer_limits get_write_buffer_limits() const;
    /// By default 64 KiB and a quarter of it; of one that is not given, the other makes it four times (as far as a size_t
    /// goes) or a quarter.
    /// @throws std::invalid_argument  low is above high
    void set_write_buffer_limits(std::optional<std::size_t> high_bytes = std::nullopt,
                                 std::optional<std::size_t> low_bytes = std::nullopt) const;

    // Reading

    /// Has nothing more delivered until resume_reading(), not even the end. What has come meanwhile is kept.
    void pause_reading() const;
    void resume_reading() const;
    /// Neither paused nor closing, and no file is being sent.
    bool is_reading() const noexcept;

    // Ending

    /// Receives no more, sends what was written, then closes; connection_lost(nullptr) follows.
    void close() const;
    /// Closes now: what is unsent is dropped, and the peer sees a reset; connection_lost(nullptr) follows.
    void abort() const;
    bool is_closing() const noexcept;
    /// Waits until connection_lost() has been called. Several tasks may.
    transport_awaiter wait_closed() const;

    // The protocol

    /// Has `p` called from now on; connection_made() is not called for it. The one before lives at least until a callback
    /// of it that runs has returned.
    /// @throws std::invalid_argument  null
    void set_protocol(std::shared_ptr<protocol> p) const;
    void set_protocol(std::shared_ptr<buffered_protocol> p) const;
    /// Null once connection_lost() has been called.
    std::shared_ptr<base_protocol> get_protocol() const;

    address peer() const;
    /// Empty once the connection is lost.
    address local() const;
    /// What was agreed on. Empty: the connection is not over TLS, not yet, or lost.
    /// @see start_tls, ssl_object and peercert of asyncio's get_extra_info
    std::optional<tls_info> tls() const;
    /// For setsockopt(2) and the like: the socket or pipe, over TLS the one below. It remains the transport's.
    /// @return -1: there is none: the connection is in memory, or over, or this is empty  @see get_extra_info("socket")
    native_handle descriptor() const noexcept;

private:
    friend class transport_core;
    transport_core& core() const;
    std::shared_ptr<transport_core> core_;
};

}  // namespace weft::inline v0
