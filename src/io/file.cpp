// SPDX-License-Identifier: Apache-2.0
#include <weft/io/file.hpp>

#include "io/file_call.hpp"

#include <weft/base/errors.hpp>
#include <weft/exec/to_thread.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

using shared_core = std::shared_ptr<file_core>;

[[noreturn]] void throw_error(int error, const std::string& what) {
    throw std::system_error(error, std::generic_category(), what);
}

int open_flags(open_mode mode) {
    const bool reads = includes(mode, open_mode::read), appends = includes(mode, open_mode::append);
    const bool writes = includes(mode, open_mode::write) || appends;
    if (!reads && !writes) throw std::invalid_argument("file::open: the mode is neither read, write nor append");
    if (includes(mode, open_mode::truncate) && !writes)
        throw std::invalid_argument("file::open: the mode is truncate, but not write");
    int flags = O_NOCTTY | (reads && writes ? O_RDWR : writes ? O_WRONLY : O_RDONLY);
    if (appends) flags |= O_APPEND;
    if (includes(mode, open_mode::create)) flags |= O_CREAT;
    if (includes(mode, open_mode::exclusive)) flags |= O_CREAT | O_EXCL;
    if (includes(mode, open_mode::truncate)) flags |= O_TRUNC;
    return flags;
}

/// Of an operation at the file's own position.
class position_hold {
public:
    position_hold(file_core& f, const char* who) : file_(f) {
        if (std::exchange(f.position_in_use, true))
            throw invalid_state_error(std::string(who) + ": another operation is using the position of " + f.path);
    }
    position_hold(const position_hold&) = delete;
    position_hold& operator=(const position_hold&) = delete;
    ~position_hold() { file_.position_in_use = false; }

private:
    file_core& file_;
};

std::int64_t checked(std::uint64_t offset, const char* who) {
    if (offset > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        throw std::invalid_argument(std::string(who) + ": no file is as long as the offset");
    return static_cast<std::int64_t>(offset);
}

/// io_uring would ignore an offset where there are no positions, and wait for what comes.
void require_positions(const file_core& f, const char* who) {
    if (!f.seeks) throw_error(ESPIPE, std::string(who) + ": " + f.path);
}

/// Where the next operation at the position is: -1 for the descriptor's own.
std::int64_t position_of(const file_core& f) { return f.seeks ? static_cast<std::int64_t>(f.position) : -1; }

file_call reading(shared_core f, std::span<std::byte> into, std::int64_t offset) {
    return file_call(opcode::read_at, std::move(f), into, offset);
}
file_call writing(shared_core f, std::span<const std::byte> bytes, std::int64_t offset) {
    // The operation's span serves both directions; a write only reads it.
    const std::span<std::byte> lent(const_cast<std::byte*>(bytes.data()), bytes.size());
    return file_call(opcode::write_at, std::move(f), lent, offset);
}

[[noreturn]] void throw_failure(const file_call::outcome& o, const std::string& what) {
    if (o.refused) std::rethrow_exception(o.refused);
    throw_error(o.error, what);
}
[[noreturn]] void throw_transfer_error(const char* what, const file_core& f, std::size_t wanted,
                                       const file_call::outcome& o) {
    std::string message = what + f.path;
    if (o.moved > 0) message += ": after " + std::to_string(o.moved) + " of " + std::to_string(wanted) + " bytes";
    throw_failure(o, message);
}

task<std::size_t> read_bytes(shared_core f, std::span<std::byte> into, std::int64_t offset) {
    const auto o = co_await reading(f, into, offset);
    if (o.failed()) throw_transfer_error("read from ", *f, into.size(), o);
    co_return o.moved;
}

/// Makes room for `count` bytes behind the text. @return it
std::span<std::byte> room_behind(std::string& text, std::size_t count) {
    const std::size_t before = text.size();
    text.resize_and_overwrite(before + count, [](char*, std::size_t size) { return size; });
    return std::as_writable_bytes(std::span(text).subspan(before));
}

task<std::string> read_text(shared_core f, std::size_t max, std::int64_t offset) {
    constexpr std::size_t first = 64 * 1024;  // `max` may be meant as "no limit"
    std::string text;
    while (text.size() < max) {
        const std::size_t before = text.size();
        const std::size_t wanted = std::min(max - before, std::max(first, before));
        const auto at = offset < 0 ? -1 : offset + static_cast<std::int64_t>(before);
        const auto o = co_await reading(f, room_behind(text, wanted), at);
        if (o.failed()) throw_transfer_error("read from ", *f, wanted, o);
        text.resize(before + o.moved);
        if (o.moved < wanted || offset < 0) break;
    }
    co_return text;
}

task<std::size_t> read_here(shared_core f, std::span<std::byte> into) {
    const position_hold hold(*f, "read");
    const std::size_t count = co_await read_bytes(f, into, position_of(*f));
    f->position += count;
    co_return count;
}

task<std::string> read_text_here(shared_core f, std::size_t max) {
    const position_hold hold(*f, "read");
    std::string text = co_await read_text(f, max, position_of(*f));
    f->position += text.size();
    co_return text;
}

task<struct statx> status_of(shared_core f) {
    file_call call(opcode::stat, f);
    if (const auto o = co_await call; o.failed()) throw_failure(o, "size of " + f->path);
    co_return call.status();
}

task<std::string> read_all_here(shared_core f) {
    const position_hold hold(*f, "read_all");
    std::string text;
    // What the file's size promises, and then until nothing comes: it may have grown, or have no size (a /proc).
    const auto size = f->seeks ? (co_await status_of(f)).stx_size : 0;
    std::size_t wanted = size > f->position ? static_cast<std::size_t>(size - f->position) + 1 : 4096;
    for (;;) {
        const std::size_t before = text.size();
        const auto at = f->seeks ? static_cast<std::int64_t>(f->position + before) : -1;
        const auto o = co_await reading(f, room_behind(text, wanted), at);
        if (o.failed()) throw_transfer_error("read from ", *f, wanted, o);
        text.resize(before + o.moved);
        if (o.moved == 0 || (f->seeks && o.moved < wanted)) break;
        wanted = std::max<std::size_t>(4096, text.size());
    }
    f->position += text.size();
    co_return text;
}

task<> write_here(shared_core f, std::span<const std::byte> bytes) {
    const position_hold hold(*f, "write");
    const auto o = co_await writing(f, bytes, f->appends ? -1 : position_of(*f));
    if (f->appends && f->seeks) {
        f->position = static_cast<std::uint64_t>(::lseek(f->fd.get(), 0, SEEK_CUR));  // asks no disk
    } else {
        f->position += o.moved;
    }
    if (o.failed()) throw_transfer_error("write to ", *f, bytes.size(), o);
}

task<> write_there(shared_core f, std::span<const std::byte> bytes, std::int64_t offset) {
    const auto o = co_await writing(f, bytes, offset);
    if (o.failed()) throw_transfer_error("write to ", *f, bytes.size(), o);
}

task<> sync_file(shared_core f, int data_only) {
    if (const auto o = co_await file_call(opcode::sync, f, data_only); o.failed()) throw_failure(o, "sync " + f->path);
}

task<std::uint64_t> size_of(shared_core f) { co_return (co_await status_of(f)).stx_size; }

task<> truncate_file(shared_core f, std::int64_t size) {
    const auto truncate = [](const shared_core& file, std::int64_t to) {
        while (::ftruncate(file->fd.get(), to) != 0) {
            if (errno != EINTR) return errno;
        }
        return 0;
    };
    // Shared with the call: its number cannot be another file's, though the task has gone.
    if (const int error = co_await to_thread(truncate, f, size)) throw_error(error, "truncate " + f->path);
}

task<> close_file(unique_fd fd, std::string path, bool writes) {
    if (!writes) {
        fd.reset();  // there is nothing to go wrong, or to wait for
        co_return;
    }
    const auto close = [](unique_fd mine) { return ::close(mine.release()) == 0 || errno == EINTR ? 0 : errno; };
    if (const int error = co_await to_thread(close, std::move(fd))) throw_error(error, "close " + path);
}

}  // namespace

task<file> file::open(std::string path, open_mode mode, unsigned permissions) {
    if (path.contains('\0')) throw std::invalid_argument("file::open: the path has a NUL in it");
    const int flags = open_flags(mode);
    file_call call(path.c_str(), flags, static_cast<mode_t>(permissions));
    if (const auto o = co_await call; o.failed()) throw_failure(o, "open " + path);
    auto core = std::make_shared<file_core>(call.take_descriptor(), std::move(path), (flags & O_ACCMODE) != O_RDONLY,
                                            (flags & O_APPEND) != 0);
    core->seeks = ::lseek(core->fd.get(), 0, SEEK_CUR) >= 0;  // asks no disk
    co_return file(std::move(core));
}

const std::shared_ptr<file_core>& file::core() const {
    if (!core_) throw invalid_state_error("the file is closed");
    return core_;
}
const std::string& file::path() const { return core()->path; }
native_handle file::descriptor() const { return core()->fd.get(); }

task<std::size_t> file::read(std::span<std::byte> buffer) { return read_here(core(), buffer); }
task<std::string> file::read(std::size_t max) { return read_text_here(core(), max); }
task<std::string> file::read_all() { return read_all_here(core()); }
task<> file::write(std::span<const std::byte> bytes) { return write_here(core(), bytes); }

std::uint64_t file::tell() const {
    require_positions(*core(), "tell");
    return core_->position;
}
void file::seek(std::uint64_t offset) {
    require_positions(*core(), "seek");
    const position_hold hold(*core_, "seek");
    core_->position = static_cast<std::uint64_t>(checked(offset, "seek"));
}

task<std::size_t> file::read_at(std::uint64_t offset, std::span<std::byte> buffer) {
    require_positions(*core(), "read_at");
    return read_bytes(core_, buffer, checked(offset, "read_at"));
}
task<std::string> file::read_at(std::uint64_t offset, std::size_t max) {
    require_positions(*core(), "read_at");
    return read_text(core_, max, checked(offset, "read_at"));
}
task<> file::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    require_positions(*core(), "write_at");
    if (core_->appends) throw invalid_state_error("write_at: " + core_->path + " is open for appending");
    return write_there(core_, bytes, checked(offset, "write_at"));
}

task<> file::sync() { return sync_file(core(), 0); }
task<> file::datasync() { return sync_file(core(), 1); }
task<std::uint64_t> file::size() { return size_of(core()); }
task<> file::truncate(std::uint64_t size) { return truncate_file(core(), checked(size, "truncate")); }

task<> file::close() {
    if (!core_) return close_file({}, {}, false);
    if (core_->position_in_use || core_->operations > 0)
        throw invalid_state_error("close: an operation on " + core_->path + " is under way");
    const auto closing = std::exchange(core_, nullptr);
    return close_file(std::move(closing->fd), closing->path, closing->writes);
}

task<std::string> read_file(std::string path) {
    file f = co_await file::open(std::move(path));
    co_return co_await f.read_all();
}

task<> write_file(std::string path, std::span<const std::byte> bytes) {
    file f = co_await file::open(std::move(path), open_mode::write | open_mode::create | open_mode::truncate);
    co_await f.write(bytes);
    co_await f.close();
}

}  // namespace weft::inline v0
