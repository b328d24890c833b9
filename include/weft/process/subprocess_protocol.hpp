// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/io/protocol.hpp>
#include <weft/process/subprocess_transport.hpp>

#include <cstddef>
#include <exception>
#include <span>

namespace weft::inline v0 {

/// The callbacks of a child process, to be derived from. connection_made() comes first; then, in the order in which they
/// happen, what its pipes bring and lose, and its end; connection_lost() comes last, when all that is over.
/// pause_writing() and resume_writing() are about its stdin. What a callback throws goes to the loop's exception handler.
/// @see asyncio.SubprocessProtocol, subprocess_exec, subprocess_shell
class subprocess_protocol : public base_protocol {
public:
    virtual void connection_made(subprocess_transport t);
    /// It has written. @param fd  1 or 2  @param data  valid during the call
    virtual void pipe_data_received(int fd, std::span<const std::byte> data);
    /// @param fd  0, 1 or 2  @param error  null: it, or we, closed that
    virtual void pipe_connection_lost(int fd, std::exception_ptr error);
    /// It has ended: see subprocess_transport::status. What it wrote may still come.
    virtual void process_exited();
};

}  // namespace weft::inline v0
