// SPDX-License-Identifier: Apache-2.0
#include "io/file_sender.hpp"

#include "base/without_sigpipe.hpp"

#include <weft/exec/blocking_call.hpp>
#include <weft/exec/default_pool.hpp>
#include <weft/loop/event_loop.hpp>

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

/// By sendfile(2), which ends sooner when the socket is full. Each call is a way to another thread and back.
constexpr std::size_t bytes_per_call = 4 << 20;
constexpr std::size_t bytes_per_read = 64 * 1024;

/// @return a count, 0 at the end of the file, or -errno
std::ptrdiff_t send_some(int socket, int file, std::uint64_t offset, std::size_t count) noexcept {
    const without_sigpipe guard;
    for (;;) {
        auto from = static_cast<off_t>(offset);
        const auto sent = ::sendfile(socket, file, &from, count);
        if (sent >= 0) return sent;
        if (errno != EINTR) return -errno;
    }
}
std::ptrdiff_t read_some(int file, std::uint64_t offset, std::span<std::byte> into) noexcept {
    for (;;) {
        const auto count = ::pread(file, into.data(), into.size(), static_cast<off_t>(offset));
        if (count >= 0) return count;
        if (errno != EINTR) return -errno;
    }
}

/// Where a file ends as far as that is known without asking a disk; 0: it does not say.
std::uint64_t known_end(const unique_fd& file) noexcept {
    struct statx status{};
    const bool is_known = ::statx(file.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_SIZE, &status) == 0;
    return is_known ? status.stx_size : 0;
}
/// Of those that sendfile(2) gives.
bool is_the_connections(int error) noexcept {
    switch (error) {
        case EPIPE:
        case ECONNRESET:
        case ECONNABORTED:
        case ECONNREFUSED:
        case ENOTCONN:
        case ESHUTDOWN:
        case ETIMEDOUT:
        case EHOSTUNREACH:
        case EHOSTDOWN:
        case ENETUNREACH:
        case ENETDOWN:
        case ENETRESET: return true;
        default: return false;
    }
}

}  // namespace

const wait_kind send_file_awaiter::kind_ = {
    .name = "send_file",
    .cancel =
        [](waiter& w) {
            static_cast<send_file_awaiter&>(w).wake();
            return false;
        },
};

send_file_awaiter::~send_file_awaiter() {
    if (sender_) sender_->waiter_ = nullptr;
}
std::uint64_t send_file_awaiter::await_resume() {
    this->resumed();
    if (error_) std::rethrow_exception(error_);
    return sent_;
}
std::uint64_t send_file_awaiter::sent() const noexcept { return sender_ ? sender_->sent_ : sent_; }

void file_sender::tell(const std::exception_ptr& error) noexcept {
    send_file_awaiter* const told = std::exchange(waiter_, nullptr);
    if (!told) return;
    told->sender_ = nullptr;
    told->sent_ = sent_;
    told->error_ = error;
    told->wake();
}

file_sender::file_sender(event_loop& loop, send_file_awaiter& who, unique_fd file, std::uint64_t offset,
                         std::uint64_t count)
    : behind(*loop.buffers()),
      loop_(loop),
      file_(std::make_shared<unique_fd>(std::move(file))),
      offset_(offset),
      left_(count),
      end_(known_end(*file_)),
      waiter_(&who),
      writable_(*this) {
    who.sender_ = this;
}

file_sender::~file_sender() {
    if (waiter_) waiter_->sender_ = nullptr;
    stop();
}

bool file_sender::fails_alone(int error) const noexcept {
    return sent_ == 0 && !(socket_ && is_the_connections(error));
}

bool file_sender::stop() noexcept {
    loop_.operations().cancel(writable_);
    job_.reset();
    file_.reset();  // the job, if it is under way, has its own
    socket_.reset();
    behind.clear();
    left_ = 0;
    return is_awaited_;
}

void file_sender::start(stream_layer& layer, ended tell, void* owner) {
    if (const native_handle socket = layer.socket(); socket >= 0) {
        unique_fd own(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
        if (!own) throw std::system_error(errno, std::generic_category(), "send_file: dup");
        socket_ = std::make_shared<unique_fd>(std::move(own));
        writable_.fd = socket;
    } else {
        read_ = std::make_shared<std::vector<std::byte>>(bytes_per_read);
    }
    layer_ = &layer;
    ended_ = tell;
    owner_ = owner;
    go_on();
}

template <class F>
void file_sender::have_done(F call) {
    using job = blocking_job_of<blocking_result<std::ptrdiff_t>, decltype(blocking_kept_call(std::move(call)))>;
    job_.reset(new job(blocking_kept_call(std::move(call))));
    job_->notify([](void* self) { static_cast<file_sender*>(self)->take_result(); }, this);
    job_->submit(default_pool(loop_), loop_);
}

/// Has the next part sent, or read.
void file_sender::go_on() {
    if (socket_) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes_per_call));
        have_done([from = file_, to = socket_, offset = offset_, count] {
            return send_some(to->get(), from->get(), offset, count);
        });
    } else {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes_per_read));
        have_done([from = file_, into = read_, offset = offset_, count] {
            return read_some(from->get(), offset, std::span(*into).first(count));
        });
    }
}

void file_sender::take_result() {
    std::ptrdiff_t count;
    try {
        count = static_cast<blocking_result<std::ptrdiff_t>&>(*job_).take();
    } catch (...) {
        return end(errno_of_failure());
    }
    try {
        if (count == -EAGAIN && socket_) return loop_.operations().submit(writable_);
        // A kind of file that sendfile(2) cannot send, such as some of /proc: read it, as that page advises.
        if ((count == -EINVAL || count == -ENOSYS) && socket_ && sent_ == 0) {
            read_ = std::make_shared<std::vector<std::byte>>(bytes_per_read);
            socket_.reset();
            return go_on();
        }
        if (count < 0) return end(static_cast<int>(-count));
        const bool is_short = socket_ && count > 0 && static_cast<std::size_t>(count) < bytes_per_call;
        offset_ += static_cast<std::uint64_t>(count);
        left_ = count == 0 ? 0 : left_ - static_cast<std::uint64_t>(count);  // the file may be shorter
        sent_ += static_cast<std::uint64_t>(count);
        if (read_ && count > 0) {
            layer_->send(std::span(*read_).first(static_cast<std::size_t>(count)));
            is_awaited_ = true;
            return;
        }
        // The socket is full: the next call would find nothing else.
        if (is_short && left_ > 0) return loop_.operations().submit(writable_);
    } catch (...) {
        return end(errno_of_failure());
    }
    go_on_or_end();
}

void file_sender::go_on_or_end() {
    if (left_ == 0) return end(0);
    try {
        go_on();
    } catch (...) {
        end(errno_of_failure());
    }
}

/// An error of the socket's shows in the next call; that it could not be waited for does not.
void file_sender::waiting_for_room::completed(operation& op, const completion& c) {
    file_sender& sender = static_cast<waiting_for_room&>(op).sender;
    c.result < 0 ? sender.end(-c.result) : sender.go_on_or_end();
}

void file_sender::on_sent(int error) {
    is_awaited_ = false;
    error ? end(error) : go_on_or_end();
}

}  // namespace weft::inline v0
