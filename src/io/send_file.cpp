// SPDX-License-Identifier: Apache-2.0
#include "io/send_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <limits>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

namespace {
constexpr auto longest_file = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

[[noreturn]] void throw_error(int error, const std::string& what) {
    throw std::system_error(error, std::generic_category(), what);
}
}  // namespace

std::uint64_t send_file_count(std::uint64_t offset, std::optional<std::uint64_t> count) {
    if (offset > longest_file || count.value_or(0) > longest_file)
        throw std::invalid_argument("send_file: beyond any file");
    return count.value_or(longest_file);
}

unique_fd descriptor_to_send(native_handle file, const std::string& what) {
    unique_fd own(::fcntl(file, F_DUPFD_CLOEXEC, 0));
    if (!own) throw_error(errno, what);
    if ((::fcntl(own.get(), F_GETFL) & O_ACCMODE) == O_WRONLY) throw_error(EBADF, what + ": not open for reading");
    if (::lseek(own.get(), 0, SEEK_CUR) < 0) throw_error(errno, what);  // asks no disk
    return own;
}

}  // namespace weft::inline v0
