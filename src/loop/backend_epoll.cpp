// SPDX-License-Identifier: Apache-2.0
#include "loop/backend_epoll.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

constexpr std::uint64_t wake_data = ~std::uint64_t{0};
constexpr std::uint32_t submitted = 0;  // the slot of every submitted operation: here it needs no name
// What a turn has received is still in the processor's cache when the tasks look at it: with 1 000 connections of 16 KiB each,
// 256 events at a time cost twice as much, 64 a little more. The kernel keeps the others in line, and a wait costs little
// among 16 receives.
constexpr std::size_t events_per_turn = 16;

std::uint64_t event_data(native_handle fd, std::uint32_t generation) noexcept {
    return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
}

/// Whether a read that gives less than there is room for has left nothing. A Unix socket stops a read behind a message
/// that descriptors came with, and a pipe behind each write if its writer wants that: no edge tells of what is left.
bool is_read_to_its_end(native_handle fd) noexcept {
    int domain = 0;
    socklen_t size = sizeof domain;
    return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && (domain == AF_INET || domain == AF_INET6);
}

}  // namespace

epoll_backend::epoll_backend()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      events_(events_per_turn) {
    if (!epoll_ || !wake_) throw std::system_error(errno, std::generic_category(), "event loop: epoll_create1/eventfd");
    epoll_event e{};
    e.events = EPOLLIN | EPOLLET;  // every write is an edge: the counter need not be read
    e.data.u64 = wake_data;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &e) != 0) {
        throw std::system_error(errno, std::generic_category(), "event loop: epoll_ctl(eventfd)");
    }
}

epoll_backend::descriptor& epoll_backend::at(native_handle fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= descriptors_.size()) {
        // With room for each to be in line for work: continue_later() does not fail.
        const std::size_t size = index + index / 2 + 16;
        pending_.reserve(size);
        working_.reserve(size);
        descriptors_.resize(size);
    }
    return descriptors_[index];
}

void epoll_backend::register_socket(native_handle fd, descriptor& d) {
    if (d.registered) return;
    epoll_event e{};
    e.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    e.data.u64 = event_data(fd, ++d.generation);
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e) != 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl: descriptor " + std::to_string(fd));
    }
    if (std::exchange(d.polled, 0u)) {  // somebody closed a descriptor of this number without remove_reader()
        for (operation** place : {&d.input, &d.output}) {
            if (*place) std::exchange(*place, nullptr)->slot = operation::no_slot;
        }
    }
    d.registered = true;
    d.readable = false;
    d.writable = true;
    d.hung_up = false;
    d.short_read_may_leave_more = !is_read_to_its_end(fd);
}

void epoll_backend::continue_later(native_handle fd, descriptor& d) {
    if (d.queued) return;
    d.queued = true;
    pending_.push_back(fd);
}

void epoll_backend::submit(operation& op) {
    descriptor& d = at(op.fd);
    switch (op.code) {
        case opcode::accept:
        case opcode::receive:
        case opcode::receive_message:
            register_socket(op.fd, d);
            d.input = &op;
            if (d.readable) continue_later(op.fd, d);
            break;
        case opcode::hang_up:
            register_socket(op.fd, d);
            d.input = &op;
            if (d.hung_up) continue_later(op.fd, d);
            break;
        case opcode::send:
        case opcode::send_message:
            register_socket(op.fd, d);
            if (op.code == opcode::send) static_cast<send_operation&>(op).sent = 0;
            d.output = &op;
            if (d.writable) continue_later(op.fd, d);
            break;
        case opcode::connect: {
            auto& c = static_cast<connect_operation&>(op);
            c.error = ::connect(op.fd, reinterpret_cast<const sockaddr*>(&c.address), c.address_bytes) == 0 ? 0 : errno;
            register_socket(op.fd, d);
            d.output = &op;
            d.writable = c.error != EINPROGRESS;
            if (d.writable) continue_later(op.fd, d);  // known at once
            break;
        }
        case opcode::writable: {
            register_socket(op.fd, d);
            d.output = &op;
            pollfd now{op.fd, POLLOUT, 0};  // who sends by other means finds it full, and tells nobody
            d.writable = ::poll(&now, 1, 0) != 0;
            if (d.writable) continue_later(op.fd, d);
            break;
        }
        case opcode::poll: {
            // A stream has the number, for good as far as polls are concerned: not EBUSY, which passes.
            if (d.registered)
                throw std::system_error(EEXIST, std::generic_category(), "poll: descriptor " + std::to_string(op.fd));
            operation*& place = static_cast<poll_operation&>(op).events & POLLIN ? d.input : d.output;
            place = &op;
            if (d.in_poll_event) break;
            if (const int error = register_polls(op.fd, d)) {
                place = nullptr;
                throw std::system_error(error, std::generic_category(),
                                        "epoll_ctl: descriptor " + std::to_string(op.fd));
            }
            break;
        }
        case opcode::open:
        case opcode::read_at:
        case opcode::write_at:
        case opcode::sync:
        case opcode::stat: throw std::system_error(ENOSYS, std::generic_category(), "epoll: a file operation");
    }
    op.slot = submitted;
    has_submitted(op);
}

void epoll_backend::cancel(operation& op) noexcept {
    if (!op.is_submitted()) return;
    is_cancelling(op);
    op.slot = operation::no_slot;
    descriptor& d = at(op.fd);
    for (operation** place : {&d.input, &d.output}) {
        if (*place == &op) *place = nullptr;
    }
    // The last one leaves at once, even within an event: its descriptor may be closed and its number used again there.
    if (op.code == opcode::poll && (!d.in_poll_event || (!d.input && !d.output))) register_polls(op.fd, d);
}

/// Brings the registration of a foreign descriptor in line with the poll operations on it.
/// @return 0, or errno; then the registration is what it was
int epoll_backend::register_polls(native_handle fd, descriptor& d) noexcept {
    const std::uint32_t wanted = (d.input ? EPOLLIN | EPOLLRDHUP : 0u) | (d.output ? EPOLLOUT : 0u);
    if (wanted == d.polled || abandoned_ || d.registered) return 0;  // registered: a callback has given it to a stream
    epoll_event e{};
    e.events = wanted;
    e.data.u64 = event_data(fd, d.generation);
    int result = 0;
    if (!wanted) {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &e);  // it may have been closed already: then it is out as well
    } else if (result = ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &e); result != 0 && errno == ENOENT) {
        e.data.u64 = event_data(fd, ++d.generation);
        result = ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e);
    }
    if (result != 0) return errno;
    d.polled = wanted;
    return 0;
}

std::ptrdiff_t epoll_backend::try_send(native_handle fd, std::span<const std::byte> bytes) noexcept {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

std::ptrdiff_t epoll_backend::try_send_pieces(native_handle fd,
                                              std::span<const std::span<const std::byte>> pieces) noexcept {
    iovec list[64];
    const std::size_t count = std::min(pieces.size(), std::size(list));
    for (std::size_t i = 0; i < count; ++i) {
        list[i] = {.iov_base = const_cast<std::byte*>(pieces[i].data()), .iov_len = pieces[i].size()};
    }
    msghdr message{};
    message.msg_iov = list;
    message.msg_iovlen = count;
    const auto sent = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

void epoll_backend::close(native_handle fd) noexcept {
    disclaim(fd);
    if (static_cast<std::size_t>(fd) <
        descriptors_.size()) {  // else nothing was ever submitted for it; growing may throw
        descriptor& d = at(fd);
        d.registered = false;
        d.polled = 0;
        ++d.generation;
    }
    ::close(fd);
}

void epoll_backend::wake() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);  // fails only when it is full: awake
}

bool epoll_backend::wait(nanos deadline) {
    timespec relative{};
    timespec* timeout = &relative;
    if (!pending_.empty()) {
        deadline = 0;
    }
    if (deadline == never) {
        timeout = nullptr;
    } else if (deadline > 0) {
        const nanos left = std::max<nanos>(deadline - now(), 0);
        relative = {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
    }
    event_count_ = wait_for_events(timeout);
    if (event_count_ < 0) {
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "event loop: epoll_pwait2");
        event_count_ = 0;
    }
    return true;
}

/// epoll_pwait2(2); where there is none, in valgrind 3.19 and Linux before 5.11, epoll_wait(2), which counts in milliseconds: then
/// a timer may be as much late.
int epoll_backend::wait_for_events(const timespec* timeout) {
    const auto size = static_cast<int>(events_.size());
    if (!counts_in_milliseconds_) {
        const int count = ::epoll_pwait2(epoll_.get(), events_.data(), size, timeout, nullptr);
        if (count >= 0 || errno != ENOSYS) return count;
        counts_in_milliseconds_ = true;
    }
    int milliseconds = -1;
    if (timeout) {
        constexpr std::int64_t longest = std::numeric_limits<int>::max();
        const std::int64_t seconds = std::min<std::int64_t>(timeout->tv_sec, longest / 1000 - 1);
        milliseconds = static_cast<int>(seconds * 1000 + (timeout->tv_nsec + 999'999) / 1'000'000);
    }
    return ::epoll_wait(epoll_.get(), events_.data(), size, milliseconds);
}

void epoll_backend::dispatch() {
    for (int i = 0; i < event_count_; ++i) on_event(events_[static_cast<std::size_t>(i)]);
    event_count_ = 0;
    working_.swap(pending_);
    for (std::size_t i = 0; i < working_.size(); ++i) {  // by index: a new descriptor makes room in it
        const native_handle fd = working_[i];
        at(fd).queued = false;
        work(fd);
    }
    working_.clear();
}

void epoll_backend::for_each_submitted(const std::function<void(const operation&)>& visit) const {
    for (const descriptor& d : descriptors_) {
        for (const operation* op : {d.input, d.output}) {
            if (op) visit(*op);
        }
    }
}

void epoll_backend::on_event(const epoll_event& e) {
    if (e.data.u64 == wake_data) return;
    const auto fd = static_cast<native_handle>(e.data.u64 & 0xffffffffu);
    descriptor& d = at(fd);
    if (d.generation != e.data.u64 >> 32) return;
    if (d.polled) return on_poll_event(fd, e.events);
    if (e.events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) d.readable = true;
    if (e.events & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) d.short_read_may_leave_more = true;
    if (e.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) d.writable = true;
    if (e.events & (EPOLLHUP | EPOLLERR)) d.hung_up = true;
    work(fd);
}

void epoll_backend::on_poll_event(native_handle fd, std::uint32_t events) {
    at(fd).in_poll_event = true;  // what the callbacks submit again needs no change of the registration
    const auto bring = [&](operation* descriptor::* member, std::uint32_t mask) {
        operation* const op = at(fd).*member;
        if (!op || !(events & (mask | EPOLLHUP | EPOLLERR))) return;
        at(fd).*member = nullptr;
        op->slot = operation::no_slot;
        deliver(*op, {static_cast<int>(events), true});
    };
    bring(&descriptor::input, EPOLLIN | EPOLLRDHUP);
    bring(&descriptor::output, EPOLLOUT);
    at(fd).in_poll_event = false;
    const int error = register_polls(fd, at(fd));
    if (error == 0) return;
    at(fd).polled = 0;  // a callback has closed the descriptor, say: it is out of the set as well
    for (operation* descriptor::* member : {&descriptor::input, &descriptor::output}) {
        operation* const op = std::exchange(at(fd).*member, nullptr);
        if (!op) continue;
        op->slot = operation::no_slot;
        deliver(*op, {-error, true});  // may submit and cancel the other
    }
}

std::unique_ptr<backend> make_epoll_backend() { return std::make_unique<epoll_backend>(); }

}  // namespace weft::inline v0
