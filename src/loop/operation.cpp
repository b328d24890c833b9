// SPDX-License-Identifier: Apache-2.0
#include "loop/operation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace weft::inline v0 {

namespace {
int once(const file_operation& op) noexcept {
    const std::span<std::byte> bytes = op.bytes;
    switch (op.code) {
        case opcode::open: return ::open(op.path, op.flags | O_CLOEXEC, op.mode);
        case opcode::read_at:
            return static_cast<int>(op.offset < 0 ? ::read(op.fd, bytes.data(), bytes.size())
                                                  : ::pread(op.fd, bytes.data(), bytes.size(), op.offset));
        case opcode::write_at:
            return static_cast<int>(op.offset < 0 ? ::write(op.fd, bytes.data(), bytes.size())
                                                  : ::pwrite(op.fd, bytes.data(), bytes.size(), op.offset));
        case opcode::sync: return op.flags ? ::fdatasync(op.fd) : ::fsync(op.fd);
        case opcode::stat: return ::statx(op.fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, op.status);
        default: errno = EINVAL; return -1;
    }
}
}  // namespace

bool accept_operation::note_failure(int error) noexcept {
    switch (error) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case EBADF:
        case EINVAL: failures = 0; return false;
        default:
            break;  // of the connection (ECONNABORTED, EPROTO …), or one that would come for ever (a filter's EPERM)
    }
    constexpr int most_failures = 64;
    if (++failures < most_failures) return true;
    failures = 0;
    return false;
}

int perform(const file_operation& op) noexcept {
    for (;;) {
        const int result = once(op);
        if (result >= 0) return result;
        if (errno != EINTR) return -errno;
    }
}

}  // namespace weft::inline v0
