// SPDX-License-Identifier: Apache-2.0
// Files as pieces of a stream's output.
#include "io/file_core.hpp"
#include "io/stream_core.hpp"

#include <weft/io/file.hpp>
#include <weft/io/stream.hpp>

#include <fcntl.h>

#include <cerrno>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

constexpr auto longest_file = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// @return how many bytes to send  @throws std::invalid_argument
std::uint64_t checked_count(std::uint64_t offset, std::optional<std::uint64_t> count) {
    if (offset > longest_file || count.value_or(0) > longest_file)
        throw std::invalid_argument("send_file: beyond any file");
    return count.value_or(longest_file);
}

[[noreturn]] void throw_error(int error, const std::string& what) {
    throw std::system_error(error, std::generic_category(), what);
}

/// The stream's own, for the caller may close his meanwhile.
unique_fd own_descriptor(native_handle file, const std::string& what) {
    unique_fd own(::fcntl(file, F_DUPFD_CLOEXEC, 0));
    if (!own) throw_error(errno, what);
    if ((::fcntl(own.get(), F_GETFL) & O_ACCMODE) == O_WRONLY) throw_error(EBADF, what + ": not open for reading");
    return own;
}

/// Of a file that is being sent: its position goes behind what was sent, in the end.
class sent_part {
public:
    sent_part(file_core& f, std::uint64_t offset, const send_file_awaiter& sending) noexcept
        : file_(f), offset_(offset), sending_(sending) {}
    sent_part(const sent_part&) = delete;
    sent_part& operator=(const sent_part&) = delete;
    ~sent_part() {
        if (sending_.sent() > 0 && !file_.position_in_use) file_.position = offset_ + sending_.sent();
    }

private:
    file_core& file_;
    const std::uint64_t offset_;
    const send_file_awaiter& sending_;
};

/// An operation that is under way.
class operation_count {
public:
    explicit operation_count(file_core& f) noexcept : file_(f) { ++file_.operations; }
    operation_count(const operation_count&) = delete;
    operation_count& operator=(const operation_count&) = delete;
    ~operation_count() { --file_.operations; }

private:
    file_core& file_;
};

}  // namespace

task<std::uint64_t> stream::send_descriptor(stream_link link, native_handle file, std::uint64_t offset,
                                            std::uint64_t count) {
    stream_core& s = link.core();
    unique_fd own = own_descriptor(file, "send_file");
    if (count == 0) co_return 0;
    while (s.is_sending_file()) co_await flushed(s);  // throws if the stream goes
    co_return co_await send_file_awaiter(s.write_file(std::move(own), offset, count));
}

task<std::uint64_t> stream::send_open_file(stream_link link, std::shared_ptr<file_core> file, std::uint64_t offset,
                                           std::uint64_t count) {
    stream_core& s = link.core();
    const operation_count under_way(*file);
    unique_fd own = own_descriptor(file->fd.get(), "send_file: " + file->path);
    if (!file->seeks) throw_error(ESPIPE, "send_file: " + file->path);
    if (count == 0) co_return 0;
    while (s.is_sending_file()) co_await flushed(s);  // throws if the stream goes
    send_file_awaiter sending(s.write_file(std::move(own), offset, count));
    const sent_part moves_position(*file, offset, sending);
    co_return co_await sending;
}

task<std::uint64_t> stream::send_file(native_handle file, std::uint64_t offset, std::optional<std::uint64_t> count) {
    return send_descriptor(stream_link(core()), file, offset, checked_count(offset, count));
}
task<std::uint64_t> stream::send_file(const file& from, std::uint64_t offset, std::optional<std::uint64_t> count) {
    return send_open_file(stream_link(core()), from.core(), offset, checked_count(offset, count));
}

}  // namespace weft::inline v0
