// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>
#include <weft/io/stream.hpp>

#include <cstddef>

namespace weft::inline v0 {

struct pipe_options {
    /// How many bytes are buffered for a reader, and how far a delimiter may be; 1 to 1 GiB, more counts as that (see stream).
    std::size_t limit = 64 * 1024;
};

/// Makes a stream of a descriptor that is read from: a pipe's read end, a FIFO, a socket, a terminal. The descriptor is
/// the stream's from the call on, also where it throws; give a copy (dup(2)) of one that is to stay open, such as 0.
/// Writing to the stream fails (bad_file_descriptor); peer() and local() are empty.
/// @throws std::invalid_argument  it is a file, or not open for reading; a limit of 0; std::system_error  it is no
///     descriptor, or cannot be waited for; invalid_state_error  add_reader() or add_writer() watches it, and
///     no more then;
///     no_running_loop_error
/// @see loop.connect_read_pipe, which makes the descriptor non-blocking as this does
stream connect_read_pipe(unique_fd fd, pipe_options options = {});

/// The same for one that is written to. write_eof() and close() close it: that is how a pipe says that this was all.
/// A reader that has gone is broken_pipe for the next write, and no SIGPIPE. Reading from the stream gives its end at once.
/// @throws as above  @see loop.connect_write_pipe
stream connect_write_pipe(unique_fd fd, pipe_options options = {});

/// A pipe of plain descriptors, close-on-exec and blocking: to be given to child processes (see spawn_process).
struct pipe_descriptors {
    unique_fd read_end, write_end;
};
/// @throws std::system_error  out of descriptors  @thread any  @see pipe(2), os.pipe
pipe_descriptors make_pipe();

/// The two ends of a pipe as streams.
struct pipe_streams {
    stream reader, writer;
};
/// @throws std::invalid_argument  a limit of 0; std::system_error  out of descriptors; no_running_loop_error
pipe_streams open_pipe(pipe_options options = {});

}  // namespace weft::inline v0
