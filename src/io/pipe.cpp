// SPDX-License-Identifier: Apache-2.0
#include "io/pipe_layer.hpp"

#include <weft/io/pipe.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace weft::inline v0 {

namespace {

using direction = pipe_layer::direction;

pipe_kind kind_of(native_handle fd, direction d, const char* who) {
    const std::string what = std::string(who) + ": descriptor " + std::to_string(fd);
    struct stat status{};
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fstat(fd, &status) != 0) throw std::system_error(errno, std::generic_category(), what);
    const int access = flags & O_ACCMODE;
    if (access != O_RDWR && access != (d == direction::in ? O_RDONLY : O_WRONLY)) {
        throw std::invalid_argument(what + " is not open for " + (d == direction::in ? "reading" : "writing"));
    }
    // One that is open for both is written, too, by what has the same flags: they are left alone, as a terminal's are.
    if (S_ISFIFO(status.st_mode)) return access == O_RDWR ? pipe_kind::character : pipe_kind::fifo;
    if (S_ISSOCK(status.st_mode)) return pipe_kind::socket;
    if (S_ISCHR(status.st_mode)) return pipe_kind::character;
    throw std::invalid_argument(what +
                                " is a file or directory: there are streams of pipes, sockets and character devices");
}

stream connect(unique_fd fd, direction d, const pipe_options& options, const char* who) {
    event_loop& loop = get_running_loop();
    loop.require_unwatched(fd.get(), who);
    const pipe_kind kind = kind_of(fd.get(), d, who);
    make_nonblocking(fd.get(), who);
    return make_pipe_stream(loop, std::move(fd), d, kind, options.limit);
}

}  // namespace

stream connect_read_pipe(unique_fd fd, pipe_options options) {
    return connect(std::move(fd), direction::in, options, "connect_read_pipe");
}
stream connect_write_pipe(unique_fd fd, pipe_options options) {
    return connect(std::move(fd), direction::out, options, "connect_write_pipe");
}

pipe_descriptors make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    return {unique_fd(ends[0]), unique_fd(ends[1])};
}

pipe_streams open_pipe(pipe_options options) {
    event_loop& loop = get_running_loop();
    pipe_descriptors ends = make_pipe();
    make_nonblocking(ends.read_end.get(), "open_pipe");
    make_nonblocking(ends.write_end.get(), "open_pipe");
    return {make_pipe_stream(loop, std::move(ends.read_end), direction::in, pipe_kind::fifo, options.limit),
            make_pipe_stream(loop, std::move(ends.write_end), direction::out, pipe_kind::fifo, options.limit)};
}

}  // namespace weft::inline v0
