// SPDX-License-Identifier: Apache-2.0
// The program's own system calls, ahead of the C library's and of the sanitizers', which go on to those unless they are
// to fail. One to a program.
#include "failing_calls.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

namespace weft_test {

namespace {

constinit std::atomic<failing_calls*> active[static_cast<int>(system_call::waitid) + 1] = {};

/// What would have been called without this file.
template <class Result, class... Arguments>
class original {
public:
    using function = Result (*)(Arguments...);
    /// @param sanitizers  which may have to see it; null: it has none
    constexpr explicit original(const char* name, function sanitizers = nullptr) noexcept
        : name_(name), sanitizers_(sanitizers) {}
    Result operator()(Arguments... arguments) noexcept {
        if (sanitizers_) return sanitizers_(arguments...);
        function found = found_.load(std::memory_order_relaxed);
        if (!found) found_ = found = reinterpret_cast<function>(::dlsym(RTLD_NEXT, name_));
        return found(arguments...);
    }

private:
    const char* const name_;
    const function sanitizers_;
    std::atomic<function> found_ = nullptr;
};

bool fails(system_call which, int fd) noexcept {
    const int error = failing_calls::error_of(which, fd);
    if (error) errno = error;
    return error != 0;
}

}  // namespace

failing_calls::failing_calls(system_call which, failing how) noexcept : which_(which), how_(how) {
    active[static_cast<int>(which)] = this;
}
failing_calls::~failing_calls() { active[static_cast<int>(which_)] = nullptr; }

int failing_calls::error_of(system_call which, int fd) noexcept {
    failing_calls* const script = active[static_cast<int>(which)];
    return script ? script->next_error(fd) : 0;
}

int failing_calls::next_error(int fd) noexcept {
    if (how_.fd >= 0 && fd != how_.fd) return 0;
    const int number = made_++;
    if (number < how_.after || number >= how_.after + how_.times) return 0;
    ++failed_;
    return how_.error;
}

}  // namespace weft_test

using namespace weft_test;

// The thread sanitizer's, and some of the address sanitizer's.
extern "C" {
[[gnu::weak]] int __interceptor_accept4(int, sockaddr*, socklen_t*, int);
[[gnu::weak]] int __interceptor_close(int);
[[gnu::weak]] int __interceptor_epoll_ctl(int, int, int, epoll_event*);
[[gnu::weak]] int __interceptor_epoll_pwait2(int, epoll_event*, int, const timespec*, const sigset_t*);
[[gnu::weak]] ssize_t __interceptor_pread(int, void*, std::size_t, off_t);
[[gnu::weak]] ssize_t __interceptor_pwrite(int, const void*, std::size_t, off_t);
[[gnu::weak]] ssize_t __interceptor_read(int, void*, std::size_t);
}

namespace {
constinit original<int, int, sockaddr*, socklen_t*, int> original_accept4("accept4", __interceptor_accept4);
constinit original<int, int> original_close("close", __interceptor_close);
constinit original<int, int, int, int, epoll_event*> original_epoll_ctl("epoll_ctl", __interceptor_epoll_ctl);
constinit original<int, int, epoll_event*, int, const timespec*, const sigset_t*>
    original_epoll_pwait2("epoll_pwait2", __interceptor_epoll_pwait2);
constinit original<int, int> original_fdatasync("fdatasync");
constinit original<int, int> original_fsync("fsync");
constinit original<int, int, off_t> original_ftruncate("ftruncate");
constinit original<int, int, const char*, std::uint32_t> original_inotify_add_watch("inotify_add_watch");
constinit original<int, int> original_inotify_init1("inotify_init1");
constinit original<ssize_t, int, void*, std::size_t, off_t> original_pread("pread", __interceptor_pread);
constinit original<ssize_t, int, const void*, std::size_t, off_t> original_pwrite("pwrite", __interceptor_pwrite);
constinit original<ssize_t, int, void*, std::size_t> original_read("read", __interceptor_read);
constinit original<ssize_t, int, int, off_t*, std::size_t> original_sendfile("sendfile");
constinit original<int, int, const char*, int, unsigned, struct statx*> original_statx("statx");
constinit original<int, idtype_t, id_t, siginfo_t*, int> original_waitid("waitid");
constinit original<int, const char*, int, mode_t> original_open("open");
constinit original<dirent*, DIR*> original_readdir("readdir");
constinit original<long, long, long, long, long, long, long, long> original_syscall("syscall");
}  // namespace

// The C library's headers say which of them throw nothing.
extern "C" {
int accept4(int fd, sockaddr* from, socklen_t* size, int flags) {
    return fails(system_call::accept4, fd) ? -1 : original_accept4(fd, from, size, flags);
}
int close(int fd) { return fails(system_call::close, fd) ? -1 : original_close(fd); }
int epoll_ctl(int epoll, int change, int fd, epoll_event* event) noexcept {
    return fails(system_call::epoll_ctl, fd) ? -1 : original_epoll_ctl(epoll, change, fd, event);
}
int epoll_pwait2(int epoll, epoll_event* events, int size, const timespec* timeout, const sigset_t* mask) {
    return fails(system_call::epoll_pwait2, epoll) ? -1 : original_epoll_pwait2(epoll, events, size, timeout, mask);
}
int fdatasync(int fd) { return fails(system_call::fdatasync, fd) ? -1 : original_fdatasync(fd); }
int fsync(int fd) { return fails(system_call::fsync, fd) ? -1 : original_fsync(fd); }
int ftruncate(int fd, off_t size) noexcept {
    return fails(system_call::ftruncate, fd) ? -1 : original_ftruncate(fd, size);
}
int inotify_add_watch(int fd, const char* path, std::uint32_t mask) noexcept {
    return fails(system_call::inotify_add_watch, fd) ? -1 : original_inotify_add_watch(fd, path, mask);
}
int inotify_init1(int flags) noexcept {
    return fails(system_call::inotify_init1, -1) ? -1 : original_inotify_init1(flags);
}
ssize_t pread(int fd, void* into, std::size_t count, off_t offset) {
    return fails(system_call::pread, fd) ? -1 : original_pread(fd, into, count, offset);
}
ssize_t pwrite(int fd, const void* from, std::size_t count, off_t offset) {
    return fails(system_call::pwrite, fd) ? -1 : original_pwrite(fd, from, count, offset);
}
ssize_t read(int fd, void* into, std::size_t count) {
    return fails(system_call::read, fd) ? -1 : original_read(fd, into, count);
}
ssize_t sendfile(int to, int from, off_t* offset, std::size_t count) noexcept {
    return fails(system_call::sendfile, to) ? -1 : original_sendfile(to, from, offset, count);
}
int statx(int fd, const char* path, int flags, unsigned mask, struct statx* into) noexcept {
    return fails(system_call::statx, fd) ? -1 : original_statx(fd, path, flags, mask, into);
}
int waitid(idtype_t kind, id_t id, siginfo_t* info, int options) {
    return fails(system_call::waitid, -1) ? -1 : original_waitid(kind, id, info, options);
}
int open(const char* path, int flags, ...) {
    std::va_list rest;
    va_start(rest, flags);
    const auto mode = static_cast<mode_t>(va_arg(rest, unsigned));  // whatever it is, if there is none
    va_end(rest);
    return fails(system_call::open, -1) ? -1 : original_open(path, flags, mode);
}
dirent* readdir(DIR* d) { return fails(system_call::readdir, -1) ? nullptr : original_readdir(d); }
long syscall(long number, ...) noexcept {
    std::va_list rest;
    va_start(rest, number);
    long a[6];
    for (long& each : a) each = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_pidfd_open && fails(system_call::pidfd_open, -1)) return -1;
    return original_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
}
