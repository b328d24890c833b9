// SPDX-License-Identifier: Apache-2.0
// read, write and their like; and closing what is waited for.
#include "hook/descriptors.hpp"
#include "hook/shim.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace weft_hook {

constinit hooked<ssize_t(int, const iovec*, int)> libc_readv("readv");
constinit hooked<ssize_t(int, const iovec*, int)> libc_writev("writev");

namespace {

constinit hooked<ssize_t(int, void*, std::size_t)> libc_read("read");
constinit hooked<ssize_t(int, const void*, std::size_t)> libc_write("write");
constinit hooked<int(int)> libc_close("close");
constinit hooked<int(int, int)> libc_dup2("dup2");
constinit hooked<int(int, int, int)> libc_dup3("dup3");

/// Whoever waits for it on this thread is told, before the number is another file's.
void tell_of_end(int fd) noexcept {
    if (const table* const t = offered.load(std::memory_order_acquire)) t->closing(fd);
}
/// The same where the number will be a copy of `from`, unless that is none.
void tell_of_end(int from, int to) noexcept {
    const kept_errno before;
    if (from != to && ::fcntl(from, F_GETFD) != -1) tell_of_end(to);
    before.restore();
}

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

ssize_t read(int fd, void* to, std::size_t size) {
    if (size == 0 || !libc_read.is_taken_over(__builtin_return_address(0))) return libc_read(fd, to, size);
    const kept_errno before;
    const ssize_t result = retry(fd, POLLIN, SO_RCVTIMEO, [&] { return libc_recv(fd, to, size, MSG_DONTWAIT); });
    if (result >= 0 || errno != ENOTSOCK) return result;
    before.restore();
    const iovec piece{to, size};
    return read_pieces(fd, &piece, 1);
}

ssize_t readv(int fd, const iovec* pieces, int count) {
    if (never_waits(pieces, count) || !libc_readv.is_taken_over(__builtin_return_address(0)))
        return libc_readv(fd, pieces, count);
    const kept_errno before;
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<std::size_t>(count);
    const ssize_t result = retry(fd, POLLIN, SO_RCVTIMEO, [&] { return libc_recvmsg(fd, &message, MSG_DONTWAIT); });
    if (result >= 0 || errno != ENOTSOCK) return result;
    before.restore();
    return read_pieces(fd, pieces, count);
}

ssize_t write(int fd, const void* from, std::size_t size) {
    if (size == 0 || !libc_write.is_taken_over(__builtin_return_address(0))) return libc_write(fd, from, size);
    const kept_errno before;
    const ssize_t result = retry_all(fd, POLLOUT, SO_SNDTIMEO, size, [&](std::size_t done) {
        return libc_send(fd, static_cast<const char*>(from) + done, size - done, MSG_DONTWAIT);
    });
    if (result >= 0 || errno != ENOTSOCK) return result;
    before.restore();
    const iovec piece{const_cast<void*>(from), size};
    return write_pieces(fd, &piece, 1);
}

ssize_t writev(int fd, const iovec* pieces, int count) {
    if (never_waits(pieces, count) || !libc_writev.is_taken_over(__builtin_return_address(0)))
        return libc_writev(fd, pieces, count);
    const kept_errno before;
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<std::size_t>(count);
    const ssize_t result = send_pieces(fd, message, 0);
    if (result >= 0 || errno != ENOTSOCK) return result;
    before.restore();
    return write_pieces(fd, pieces, count);
}

ssize_t __read_chk(int fd, void* to, std::size_t size, std::size_t room) {
    [[noreturn]] void __chk_fail();
    if (size > room) __chk_fail();
    return read(fd, to, size);
}
ssize_t __read(int fd, void* to, std::size_t size) { return read(fd, to, size); }
ssize_t __write(int fd, const void* from, std::size_t size) { return write(fd, from, size); }

int close(int fd) {
    tell_of_end(fd);
    return libc_close(fd);
}
int __close(int fd) { return close(fd); }
int dup2(int from, int to) noexcept {
    tell_of_end(from, to);
    return libc_dup2(from, to);
}
int dup3(int from, int to, int flags) noexcept {
    if ((flags & ~O_CLOEXEC) == 0) tell_of_end(from, to);
    return libc_dup3(from, to, flags);
}

#pragma GCC visibility pop
}
