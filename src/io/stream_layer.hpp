// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_buffer.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/io/address.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>

namespace weft::inline v0 {

/// Whom a layer tells. All calls come from the loop's dispatch or ready queue, never from inside a call to the layer.
class stream_sink {
public:
    virtual void on_bytes(byte_buffer& bytes) = 0;  ///< valid during the call; the block may be taken
    /// In place of on_bytes(), for a layer that makes bytes: where the next ones may be put, then how many were. Empty:
    /// there is no such place. @param bytes  so many are expected  @throws std::bad_alloc
    virtual std::span<std::byte> room(std::size_t bytes) {
        static_cast<void>(bytes);
        return {};
    }
    virtual void on_filled(std::size_t count) { static_cast<void>(count); }
    virtual void on_end() = 0;  ///< the peer has ended its direction
    virtual void on_receive_error(int error) = 0;  ///< an errno; nothing more comes in
    virtual void on_sent(int error) = 0;  ///< send() is over: 0, or an errno
    /// What is to be thrown, for what no errno says; nothing more comes in or goes out.
    virtual void on_failure(const std::exception_ptr& why) {
        static_cast<void>(why);
        on_receive_error(EPROTO);
    }
    /// What watch_reader() was asked to tell.
    virtual void on_reader_gone() {}
    /// What begin_to_finish() or finish() began is over, 0, or in vain, an errno; the sink may destroy the layer.
    virtual void on_finished(int error) { static_cast<void>(error); }

protected:
    ~stream_sink() = default;
};

/// What carries a stream's bytes: a socket, TLS over another layer, memory.
class stream_layer {
public:
    virtual ~stream_layer() = default;  ///< closes; tells nobody

    /// Begins to receive, after the start and after pause_receiving(). The sink may be another one than before.
    virtual void receive(stream_sink& sink) = 0;
    virtual void pause_receiving() noexcept = 0;
    /// False: nothing ever comes, and the end that receive() gives at once is none of the peer's.
    virtual bool can_receive() const noexcept { return true; }

    /// For a layer that only sends: from here on the sink is told, once, when there is nobody left to read what is sent.
    /// On io_uring the watch for a socket ends when its peer has ended its own direction: a peer that does so first and
    /// closes later is noticed by the next write.
    /// @throws std::system_error  the kernel refuses to watch for it for want of resources; std::bad_alloc
    virtual void watch_reader() {}

    /// Takes what can be sent without waiting. @return a count, 0 for "use send()", or -errno
    virtual std::ptrdiff_t try_send(std::span<const std::byte> bytes) noexcept = 0;
    /// The same for several pieces; perhaps only for the first of them.
    virtual std::ptrdiff_t try_send_pieces(std::span<const std::span<const std::byte>> pieces) noexcept {
        return pieces.empty() ? 0 : try_send(pieces.front());
    }
    /// Sends all of `bytes`, which stay where they are until on_sent(). One at a time.
    virtual void send(std::span<const std::byte> bytes) = 0;
    /// The same where nobody waits for on_sent(): it may come with whatever happens next, until expect_sent().
    virtual void send_quietly(std::span<const std::byte> bytes) { send(bytes); }
    /// Somebody waits for on_sent() now.
    virtual void expect_sent() noexcept {}
    /// What EPROTO of try_send(), send() or on_sent() stands for, to be thrown in its place; null: for no more than it says.
    virtual std::exception_ptr failure() const noexcept { return nullptr; }
    /// How much of what send() was given has not gone yet, as far as that can be known.
    virtual std::uint64_t unsent() const noexcept = 0;
    /// Ends our direction; everything was sent.
    virtual void end() noexcept = 0;

    /// The stream is being closed: what it has not sent yet follows, then finish().
    virtual void begin_to_finish() noexcept {}
    /// Everything was sent: takes leave of the peer, if it is used to that. What still comes in is dropped.
    /// @return true: done, to be destroyed; false: on_finished() follows
    virtual bool finish() noexcept { return true; }
    /// Makes the destructor that follows reset the connection instead of ending it.
    virtual void reset() noexcept = 0;

    /// The descriptor, if it takes bytes as they are: for sendfile(2). Else -1.
    virtual native_handle socket() const noexcept { return -1; }

    /// The descriptor of what is at the bottom, if there is one; else -1.
    virtual native_handle descriptor() const noexcept { return socket(); }

    virtual address peer() const = 0;
    /// For messages, in place of an address: what there is to write to and read from.
    virtual const char* nameless_peer() const noexcept { return "?"; }
    virtual address local() const = 0;
};

}  // namespace weft::inline v0
