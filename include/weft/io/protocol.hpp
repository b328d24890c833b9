// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/io/transport.hpp>

#include <cstddef>
#include <exception>
#include <span>

namespace weft::inline v0 {

// Who is called back when something happens on a connection. In the order of PEP 3156:
//
//     connection_made  data_received*  eof_received?  connection_lost
//
// and between the first and the last, by turns, pause_writing and resume_writing. All are called on the loop's thread, in
// no task, one at a time; only pause_writing() may be called from within another, by transport::write(). They must not
// wait: create_task() what has to.
//
// What a callback throws ends its connection: what is unsent is dropped, and connection_lost() gets the exception. The
// loop's exception handler hears of it too, unless it is a std::system_error. What connection_made(), pause_writing(),
// resume_writing() and connection_lost() throw, the handler hears, and the connection goes on. When a loop is closed
// connections that are left are closed and their protocols destroyed, without a call.

/// What protocols of every kind are told. @see asyncio.BaseProtocol
class base_protocol {
public:
    virtual ~base_protocol() = default;

    /// The last call.
    /// @param error  null: by close(), abort() or the peer's end; else what ended it
    virtual void connection_lost(std::exception_ptr error);
    /// More than the high watermark is unsent: write no more for now. Called by the write that went over it.
    virtual void pause_writing();
    /// No more than the low watermark is left.
    virtual void resume_writing();
};

/// The callbacks of a stream of bytes, to be derived from. Kept by its transport until connection_lost().
/// @see asyncio.Protocol, transport, create_connection, create_server
class protocol : public base_protocol {
public:
    /// The first call. @param t  to be kept, and written to
    virtual void connection_made(transport t);
    /// Bytes in order, in pieces of any size.
    /// @param data  not empty; valid during the call
    virtual void data_received(std::span<const std::byte> data);
    /// The peer has ended its direction. @return true: ours stays open until close()
    virtual bool eof_received();
};

/// As protocol, for who wants the bytes in memory of its own. @see asyncio.BufferedProtocol
class buffered_protocol : public base_protocol {
public:
    virtual void connection_made(transport t);
    /// Where to put what has come; buffer_updated() follows.
    /// @param hint  how many bytes there are: what has no room for them all is asked again
    /// @return not empty
    virtual std::span<std::byte> get_buffer(std::size_t hint) = 0;
    /// @param count  bytes that are now at the front of that memory
    virtual void buffer_updated(std::size_t count) = 0;
    virtual bool eof_received();
};

}  // namespace weft::inline v0
