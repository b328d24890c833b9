// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/coro/task.hpp>
#include <weft/io/address.hpp>
#include <weft/io/chunk.hpp>
#include <weft/io/read_errors.hpp>
#include <weft/loop/waiter.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::inline v0 {

class file;
class stream_core;
class tls_context;
struct tls_info;

/// Refers to a stream and does not keep it: it follows the stream when that is moved, and learns of its end. For a task
/// that begins later than the call that made it.
class stream_link : public list_node {
public:
    /// A place of its own among those that the stream will tell.
    explicit stream_link(stream_core& s) noexcept;
    stream_link(stream_link&& other) noexcept;
    stream_link& operator=(stream_link&&) = delete;

    /// @throws std::system_error (connection_aborted)  the stream was destroyed
    stream_core& core() const {
        if (!stream_) throw_destroyed();
        return *stream_;
    }
    [[noreturn]] static void throw_destroyed();

protected:
    /// What it is for: to refer to the stream; to keep hold of its connection (a connection_link); to hear of the end of its
    /// input (an end_watch); or to wait until its output has sunk so far (an output_awaiter).
    enum class purpose : unsigned char { reference, connection, input_end, writable, flushed, closed };
    stream_link(stream_core& s, purpose p) noexcept : stream_(&s), purpose_(p) {}

    stream_core* stream_;  // null: the stream was destroyed meanwhile
    purpose purpose_;

private:
    friend class stream_core;
};

/// What a read waits for, and how much of it it takes. It lies in the frame of whoever reads, as long as it waits.
struct input_request {
    enum class until : unsigned char { count, delimiter, any_delimiter, end } what;
    bool whole = false;  ///< takes the block that the bytes are in
    std::size_t count = 0;  ///< at least so many bytes
    std::size_t max = 0;  ///< takes no more than these
    union {  // the caller's, until its full expression ends
        std::string_view delimiter = {};
        std::span<const std::string_view> delimiters;
        std::span<std::byte> into;
    };
};

/// Suspends a task until a stream has buffered what a read needs. It reads ahead but takes nothing before the task goes
/// on: cancelled or destroyed while it waits, no byte is lost.
class input_awaiter : public waiter {
public:
    bool await_ready();
    void start();
    void abandon() noexcept;

protected:
    input_awaiter(stream_core& s, const input_request& r) noexcept : waiter(kind_), stream_(&s), request_(r) {}
    ~input_awaiter() { abandon(); }
    /// The await is over. @throws cancelled_error, what the stream failed with before there was enough
    void finish();
    void let_go() noexcept { stream_ = nullptr; }
    /// For a task that does this read. @throws invalid_state_error  it was awaited before
    stream_link link() const;
    const input_request& request() const noexcept { return request_; }

private:
    friend class stream_core;
    friend struct stream_takes;
    static const wait_kind kind_;
    bool satisfied();

    stream_core* stream_;  // null: the stream was destroyed while this waited
    input_request request_;
    std::size_t searched_ = 0;  // no delimiter begins before this
};

/// A read in progress, giving an `R`.
template <class R>
class [[nodiscard("a read does nothing unless it is awaited")]] read_awaiter : public input_awaiter {
public:
    R await_resume() {
        this->finish();
        // The stream may die in the same full expression, before this does: f(co_await s.read_line(), std::move(s)).
        const struct letting_go {
            read_awaiter& self;
            ~letting_go() { self.let_go(); }
        } at_end{*this};
        return take_(*this);
    }

    /// For wait_for(), create_task(), gather() and the like. The task has its own copy of a delimiter; a buffer is the
    /// caller's, and must outlive the task. What a task has read is its own: of one that is cancelled too late, or loses a
    /// race() too late, it is lost; select() and wait_for() lose nothing.
    friend weft::task<R> to_task(read_awaiter&& r) { return std::move(r).as_task(); }

private:
    friend class stream;
    using take_function = R (*)(input_awaiter&);
    read_awaiter(stream_core& s, const input_request& r, take_function take) noexcept
        : input_awaiter(s, r), take_(take) {}
    weft::task<R> as_task() &&;
    static weft::task<R> reading(stream_link s, input_request request, std::vector<std::string> delimiters,
                                 take_function take);
    take_function take_;
};

/// Suspends a task until a stream's output has sunk far enough, or has gone altogether.
class output_awaiter : public waiter, public stream_link {
public:
    bool await_ready();
    void start();
    void await_resume();

    /// For wait_for(), create_task(), gather() and the like.
    friend weft::task<> to_task(output_awaiter&& w);

private:
    friend class stream;
    friend class stream_core;
    friend class stream_handover;
    output_awaiter(stream_core& s, purpose p) noexcept : waiter(kind_), stream_link(s, p) {}
    /// Of an end that the call has begun: kept, and awaited when the stream has gone, it says so.
    struct kept {};
    output_awaiter(stream_core& s, purpose p, kept) noexcept;
    static weft::task<> waiting(stream_link s, purpose p);
    static const wait_kind kind_;
};

class stream;

/// While it lives, has a function called when the peer ends its direction or the connection is lost: for who works for a peer and does
/// not read meanwhile. Once, and not for what has happened before. Behind what the stream buffers at most (see `limit`) nothing is
/// heard of until it is read.
/// @thread the stream's loop's, between tasks; the function may cancel a task, but leaves the stream alone
class end_watch : private stream_link {
public:
    /// @throws invalid_state_error  the stream is moved from
    end_watch(const stream& s, std::move_only_function<void()> ended);

private:
    friend class stream_core;
    std::move_only_function<void()> ended_;
};

struct start_tls_options {
    /// For a client: the host that the server's certificate must be for, and that it is asked for (SNI). Without one a
    /// context that verifies refuses. Letters other than ASCII's are to be given in their IDNA form ("xn--…").
    std::string server_hostname = {};
};

/// A connection: bytes in, bytes out. One type for whatever carries them.
///
/// Reading is for one task at a time; a second reader is refused (invalid_state_error). Writing is for any number: each
/// write is in one piece and in order. Bytes are received in the background, up to twice the limit given where the
/// stream was made (64 KiB by default; more than 1 GiB counts as 1 GiB) while nobody reads.
/// Destroying a stream closes it as close() does: what was written is still sent, also when run() ends, as long as the peer
/// takes it (see run_options::output_timeout). A task that waits for it, or has not begun to, gets
/// std::errc::connection_aborted. Moving it disturbs nobody. A read, write() or drain() that is put into a variable, and
/// neither awaited yet nor made a task, is not told: it must not outlive the stream.
/// Errors: std::system_error (connection_reset, broken_pipe, …), naming the peer; a read raises it only when everything
/// received before has been read. What is held at a time, read in one piece or not yet sent, is less than 2 GiB.
/// @thread its loop's  @see asyncio.StreamReader, asyncio.StreamWriter
class stream {
public:
    stream() noexcept = default;
    explicit stream(std::unique_ptr<stream_core> core) noexcept;
    stream(stream&&) noexcept;
    stream& operator=(stream&&) noexcept;
    ~stream();
    explicit operator bool() const noexcept { return core_ != nullptr; }

    // Reading

    /// Reads at least one byte, at most `buffer.size()`.
    /// @param buffer  must outlive the await, or the task that it is made  @return bytes stored; 0 at the end of the stream
    /// @cancel no byte is lost  @cost no allocation  @see recv(2)
    read_awaiter<std::size_t> read_some(std::span<std::byte> buffer);
    /// Reads at least one byte, at most `max`; empty at the end of the stream.
    read_awaiter<std::string> read(std::size_t max);
    /// @throws incomplete_read_error  the stream ended before  @see StreamReader.readexactly
    read_awaiter<std::string> read_exactly(std::size_t count);
    /// Fills `buffer`, which is as above. @throws incomplete_read_error
    read_awaiter<std::size_t> read_exactly(std::span<std::byte> buffer);
    /// Reads up to and with `delimiter` (not empty).
    /// @throws incomplete_read_error, limit_overrun_error; at the call: std::invalid_argument  it is empty
    /// @see StreamReader.readuntil
    read_awaiter<std::string> read_until(std::string_view delimiter);
    /// Reads up to and with whichever of several delimiters ends first; of two that end there, the shorter.
    ///
    ///     co_await s.read_until({"\r\n", "\n"})
    ///
    /// @param delimiters  at least one, none of them empty; must outlive the await (GCC 14 forgets a braced list in
    ///     an expression with co_await unless it is of literals: name it before). A task has its own copy
    /// @throws as above; at the call: std::invalid_argument  there is none, or an empty one
    read_awaiter<std::string> read_until(std::initializer_list<std::string_view> delimiters) {
        return read_until(std::span(delimiters.begin(), delimiters.size()));
    }
    read_awaiter<std::string> read_until(std::span<const std::string_view> delimiters);
    /// A line without its "\n" or "\r\n"; at the end of the stream an unterminated last line, then empty.
    /// @throws limit_overrun_error
    read_awaiter<std::optional<std::string>> read_line();
    /// As above without a copy: valid until the next read. @cost no allocation
    read_awaiter<std::string_view> read_until_view(std::string_view delimiter);
    read_awaiter<std::optional<std::string_view>> read_line_view();
    /// All that is buffered, at least one byte, in the memory it was received into: without a copy for who waits for it.
    /// Empty at the end of the stream.
    ///
    ///     while (chunk bytes = co_await s.read_chunk()) co_await s.write(std::move(bytes));
    ///
    /// @cancel no byte is lost  @cost no allocation, no copy
    read_awaiter<chunk> read_chunk();
    /// Everything up to the end of the stream.
    read_awaiter<std::string> read_all();

    /// Waits until at least `count` bytes are buffered and gives all that are, consuming none; fewer, or none, at the end
    /// of the stream. Valid until the next read or consume(). For parsers.
    /// @param count  may be above the limit: then so much is buffered  @cost no allocation
    read_awaiter<std::string_view> peek(std::size_t count = 1);
    /// What is buffered now. Valid as the above.
    std::string_view buffered() const noexcept;
    /// Drops the first `count` buffered bytes. @throws invalid_state_error  fewer are buffered
    void consume(std::size_t count);
    /// Nothing is buffered and nothing will come. @see StreamReader.at_eof
    bool at_eof() const noexcept;

    // Writing

    /// Sends all of `bytes`: on epoll at once, as far as the connection takes them; the rest, and all on io_uring, where
    /// sends go to the kernel together at the end of the loop's turn, is copied and sent in the background. Begins at the
    /// call: the bytes need not live longer than that. The await waits only while more than the high watermark is unsent.
    /// @throws std::system_error; std::length_error: 2 GiB would be unsent, and nothing was written; cancelled_error: the
    ///     bytes are sent all the same
    /// @cost no allocation after warm-up  @see send(2), StreamWriter.write and drain
    [[nodiscard("await it: it waits while too much is unsent")]] output_awaiter write(std::span<const std::byte> bytes);
    [[nodiscard("await it: it waits while too much is unsent")]] output_awaiter write(std::string_view text) {
        return write(std::as_bytes(std::span(text)));
    }
    /// As above without the copy: what is not sent at once stays where it is until it is.
    /// @param bytes  of this loop; those of another are copied
    [[nodiscard("await it: it waits while too much is unsent")]] output_awaiter write(chunk bytes);
    /// Writes the pieces as one: on epoll by one system call, as far as the connection takes them.
    /// @see writev(2), StreamWriter.writelines
    [[nodiscard("await it: it waits while too much is unsent")]] output_awaiter
    write(std::span<const std::span<const std::byte>> pieces);
    /// Sends a part of a file as one piece of the output, behind what was written before and ahead of what is written
    /// meanwhile: by sendfile(2) where the stream is a socket and the kind of file allows it, else by reading it. The
    /// default executor reads the disk. Several are sent in the order in which their tasks begin.
    /// @param file  a regular file; may be closed once this has been awaited  @param count  empty: up to its end
    /// @return awaited: bytes sent; fewer than `count` if the file is shorter
    /// @throws awaited: std::system_error, tls_error: the file cannot be sent (if nothing of it was, the stream goes on with
    ///     what was written behind it; else it cannot be written any more), or the stream cannot be written any more, or was
    ///     destroyed before this began; invalid_state_error: it is closed, or write_eof() was called before
    /// @cancel ends the wait; the file is sent all the same, unless the stream is aborted
    /// @cost some allocations, a call on another thread for each 4 MiB or full socket buffer
    /// @see asyncio loop.sendfile, sendfile(2)
    task<std::uint64_t> send_file(native_handle file, std::uint64_t offset = 0,
                                  std::optional<std::uint64_t> count = std::nullopt);
    /// The same of a file that is open for reading. Its position says not where to begin, but is behind what was sent
    /// afterwards, also when that was cut short (of several at once: behind what the last to end has sent); an operation
    /// that uses the position meanwhile keeps it. Once awaited the file may be destroyed; closing it while a task waits for
    /// it to be sent is refused.
    /// @cancel as above; its position stays behind what had gone by then, and it may be closed, while the rest is sent
    task<std::uint64_t> send_file(const file& from, std::uint64_t offset = 0,
                                  std::optional<std::uint64_t> count = std::nullopt);
    /// As write(), if that would not have to wait. @return false: nothing was written
    bool try_write(std::string_view text);
    /// Waits until no more than the high watermark is unsent; at once if that is so.
    [[nodiscard("await it")]] output_awaiter drain();
    /// Bytes written and not yet given to the kernel.
    std::size_t write_buffer_size() const noexcept;
    /// The same, counting down with each byte that goes instead of by whole pieces, and with what TLS adds: does the peer take anything?
    std::uint64_t unsent_bytes() const noexcept;
    /// Above `high` writers wait, until no more than `low` (by default a quarter of it) is left. More than 1 GiB counts as
    /// 1 GiB, for each of them.
    void set_write_buffer_limits(std::size_t high_bytes, std::optional<std::size_t> low_bytes = std::nullopt);

    // Ending

    /// Ends our direction once everything written is sent; reading goes on. Begins at the call; the await is optional.
    output_awaiter write_eof();
    /// Sends what was written, then closes. Begins at the call; awaiting it waits for the end.
    /// @throws std::system_error  what was written could not be sent
    output_awaiter close();
    /// Closes now (on io_uring, at the end of the loop's turn): what is unsent is dropped, the peer sees a reset, whoever
    /// waits gets std::errc::connection_aborted.
    void abort() noexcept;
    bool is_closing() const noexcept;

    // TLS (see tls_context)

    /// Goes on over TLS, as a client or as a server by the kind of the context. What was written before is sent first,
    /// as it is. What was received and not read belongs to the handshake, so that nobody can slip in plaintext that is
    /// taken for protected later. Meanwhile reads wait, and writes are kept for later.
    /// If it fails or is cancelled the stream is good for nothing but closing.
    /// @throws tls_error, timeout_error, std::system_error; invalid_state_error: the stream has ended, is closed, or a
    ///         task reads from it; std::invalid_argument: no server_hostname for a client that verifies, one that can
    ///         be no host's (".example.org"), or one for a server
    /// @see loop.start_tls, StreamWriter.start_tls
    task<> start_tls(tls_context context, start_tls_options options = {});
    /// What was agreed on. Empty: the stream is not over TLS, not yet, or closed.
    std::optional<tls_info> tls() const;

    address peer() const;
    address local() const;
    /// For setsockopt(2) and the like: the socket or pipe, over TLS the one below. It remains the stream's.
    /// @return -1: there is none: the stream is in memory, closed or moved from  @see get_extra_info("socket")
    native_handle descriptor() const noexcept;

private:
    friend class end_watch;
    friend class stream_handover;
    stream_core& core() const;
    static task<> start_tls_on(stream_link s, tls_context context, start_tls_options options);
    struct release {
        void operator()(stream_core* core) const noexcept;
    };
    std::unique_ptr<stream_core, release> core_;
};

}  // namespace weft::inline v0
