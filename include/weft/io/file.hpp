// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>
#include <weft/coro/task.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace weft::inline v0 {

struct file_core;

/// How a file is opened: any of these together, of which one must be read, write or append.
///
///     Python  "r"   read                         Python  "r+"  read | write
///             "w"   write | create | truncate            "w+"  read | write | create | truncate
///             "a"   append | create                      "a+"  read | append | create
///             "x"   write | exclusive                    "x+"  read | write | exclusive
enum class open_mode : unsigned {
    read = 1,
    write = 2,
    append = 4,     ///< write, always at the end, wherever that is by then
    create = 8,     ///< make the file if there is none
    exclusive = 16, ///< make the file; it is an error if there is one
    truncate = 32,  ///< drop what is in it
};
constexpr open_mode operator|(open_mode a, open_mode b) noexcept {
    return static_cast<open_mode>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool includes(open_mode all, open_mode one) noexcept {
    return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

/// A file, and a position in it for those operations that name none. On io_uring the kernel carries the operations out,
/// in memory of the caller's. On epoll, which knows no files, a thread of the loop's default pool does, in memory of its
/// own, a MiB at a time: one copy more, one allocation and two wake-ups for each.
///
/// One operation at a time uses the position: a second one is refused (invalid_state_error). Operations that name their
/// offset, and sync, run beside each other and beside that one.
///
/// What an operation is given lives until it has been awaited: `co_await f.write(line + "\n")` is safe. The file need not:
/// an operation that has begun keeps the descriptor open.
///
/// Cancellation does not interrupt a read or write that has begun: what came of it is delivered, and the cancellation is
/// raised at the next await. One that has not begun, on a pool whose threads are busy, never does. Destroying a task
/// amid an operation waits for the kernel to let go of its memory on io_uring, and for nothing on epoll.
///
/// Meant for files on disks. A pipe or a terminal has no position, a read gives what is there, and waits for it.
/// Errors: std::system_error, which says what was to be done, and to which file.
/// @thread its loop's  @see open(2), docs/guide/files.md
class file {
public:
    /// No file.
    file() noexcept = default;
    file(file&&) noexcept = default;
    file& operator=(file&&) noexcept = default;
    /// Closes, on this thread, once what is under way has ended. close() is for who wants to hear how that went.
    ~file() = default;

    /// @param path  relative to the working directory when this is awaited
    /// @param permissions  of a file that is made, less the process's umask
    /// @throws std::system_error (no_such_file_or_directory, file_exists, permission_denied, …)
    /// @throws std::invalid_argument  a mode that makes no sense; a path with a NUL in it
    /// @cancel at once; what is opened all the same is closed. With open_mode::exclusive as a write: who has made a file
    ///     is told of it, and may remove it  @see open(2), Python's open()
    static task<file> open(std::string path, open_mode mode = open_mode::read, unsigned permissions = 0666);

    explicit operator bool() const noexcept { return core_ != nullptr; }
    const std::string& path() const;
    native_handle descriptor() const;

    // At the position, which advances by what was read or written

    /// Fills `buffer`, or as much of it as there is up to the end of the file.
    /// @return bytes read; less than there is room for only at the end
    task<std::size_t> read(std::span<std::byte> buffer);
    /// The same of at most `max` bytes; empty at the end of the file.
    task<std::string> read(std::size_t max);
    /// Everything from the position to the end of the file.
    /// @cancel nothing is taken: the position is where it was (a pipe has none: what was read is lost)
    task<std::string> read_all();
    /// Writes all of `bytes`.
    /// @throws std::system_error (no_space_on_device, …): the position is behind what was written
    /// @cost the caller's memory is used; on epoll it is copied
    task<> write(std::span<const std::byte> bytes);
    task<> write(std::string_view text) { return write(std::as_bytes(std::span(text))); }

    /// @throws std::system_error (invalid_seek): it has no positions
    std::uint64_t tell() const;
    /// The next operation begins `offset` bytes from the start, which may be beyond the end.
    void seek(std::uint64_t offset);

    // Anywhere

    /// As read(), from `offset`. The position stays.
    /// @throws std::system_error (invalid_seek): it has no positions
    task<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> buffer);
    task<std::string> read_at(std::uint64_t offset, std::size_t max);
    /// As write(), at `offset`. Before it, behind the end, there are zeros.
    /// @throws invalid_state_error  the file is open for appending: Linux would write at its end
    task<> write_at(std::uint64_t offset, std::span<const std::byte> bytes);
    task<> write_at(std::uint64_t offset, std::string_view text) {
        return write_at(offset, std::as_bytes(std::span(text)));
    }

    // The file itself

    /// Waits until the disk has what was written, and what the file is. @see fsync(2)
    task<> sync();
    /// The same without what is not needed to read it back, such as the time. @see fdatasync(2)
    task<> datasync();
    task<std::uint64_t> size();
    /// Makes it `size` bytes long: shorter, or longer by zeros. The position stays. Runs on the pool.
    /// @cancel ends the wait; a call that has begun goes on
    task<> truncate(std::uint64_t size);

    /// Closes, and tells what went wrong with what was written: some file systems say so only here. A file that can be
    /// written is closed on the pool: that may take as long as the disk does. Closing what is closed does nothing.
    /// @throws invalid_state_error  an operation is under way
    /// @throws awaited: std::system_error; the file is closed all the same  @cancel it is closed all the same
    task<> close();

private:
    friend class stream;  // sends it, as does
    friend class transport;
    explicit file(std::shared_ptr<file_core> core) noexcept : core_(std::move(core)) {}
    const std::shared_ptr<file_core>& core() const;

    std::shared_ptr<file_core> core_;  // with the operations under way
};

/// What is in a file. @throws std::system_error
task<std::string> read_file(std::string path);
/// Makes a file of `bytes`, in place of what was there.
/// @param bytes  live until this has been awaited
/// @throws std::system_error: the file may have been emptied, or written in part
task<> write_file(std::string path, std::span<const std::byte> bytes);
inline task<> write_file(std::string path, std::string_view text) {
    return write_file(std::move(path), std::as_bytes(std::span(text)));
}

}  // namespace weft::inline v0
