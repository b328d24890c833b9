// SPDX-License-Identifier: Apache-2.0
#include "loop/backend.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// Readiness turned into operations. A socket is registered once, edge-triggered for everything; "is it readable?" is then
// remembered here, so that an operation costs no epoll_ctl and no system call that only finds out EAGAIN. Descriptors
// under poll operations, which are not ours to read, are registered level-triggered, one shot at a time.

namespace weft::inline v0 {

namespace {

class epoll_backend final : public backend {
public:
    epoll_backend();
    ~epoll_backend() override = default;

    const char* name() const noexcept override { return "epoll"; }
    void submit(operation& op) override;
    void cancel(operation& op) noexcept override;
    void pause(receive_operation& op) noexcept override { op.paused = true; }
    void resume(receive_operation& op) override;
    std::ptrdiff_t try_send(native_handle fd, std::span<const std::byte> bytes) noexcept override;
    void close(native_handle fd) noexcept override;
    bool wait(nanos deadline) override;
    void dispatch() override;
    bool has_happened() const noexcept override { return event_count_ > 0 || !pending_.empty(); }
    void for_each_submitted(const std::function<void(const operation&)>& visit) const override;
    void flush() override {}
    void wake() noexcept override;
    void abandon() noexcept override { abandoned_ = true; }
    native_handle poll_fd() const noexcept override { return epoll_.get(); }

private:
    /// What is known of a descriptor. Index: the descriptor.
    struct descriptor {
        operation* input = nullptr;  // an accept or receive
        operation* output = nullptr;  // a send or connect
        operation* poll_in = nullptr;
        operation* poll_out = nullptr;
        std::uint32_t generation = 0;  // of the registration: events of an earlier owner of the number are dropped
        bool registered = false;
        bool readable = false;  // an edge has come that no receive has exhausted
        bool writable = true;
        bool short_read_may_leave_more = false;  // the end of the stream, or urgent data, may follow without an edge
        bool queued = false;  // in pending_
        bool in_poll_event = false;
        std::uint32_t polled = 0;  // what poll operations have registered
    };

    descriptor& at(native_handle fd);
    void register_socket(native_handle fd, descriptor& d);
    int register_polls(native_handle fd, descriptor& d) noexcept;
    void continue_later(native_handle fd, descriptor& d);
    void on_event(const epoll_event& e);
    void on_poll_event(native_handle fd, std::uint32_t events);
    void work(native_handle fd);
    void accept_some(native_handle fd);
    void receive_some(native_handle fd);
    void send_some(native_handle fd);
    void finish_connect(native_handle fd);

    unique_fd epoll_, wake_;
    std::vector<descriptor> descriptors_;
    std::vector<native_handle> pending_, working_;  // descriptors with work that needs no event any more
    std::vector<epoll_event> events_;
    int event_count_ = 0;
    std::vector<std::byte> received_;
    bool abandoned_ = false;
};

constexpr std::size_t receive_bytes = 64 * 1024;
constexpr int accepts_per_turn = 64;  // a flood of connections must not starve the others
constexpr std::uint64_t wake_data = ~std::uint64_t{0};
constexpr std::uint32_t submitted = 0;  // the slot of every submitted operation: here it needs no name

epoll_backend::epoll_backend()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      events_(256),
      received_(receive_bytes) {
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
    if (index >= descriptors_.size()) descriptors_.resize(index + index / 2 + 16);
    return descriptors_[index];
}

std::uint64_t event_data(native_handle fd, std::uint32_t generation) noexcept {
    return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
}

void epoll_backend::register_socket(native_handle fd, descriptor& d) {
    if (d.registered) return;
    epoll_event e{};
    e.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    e.data.u64 = event_data(fd, ++d.generation);
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e) != 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
    d.registered = true;
    d.readable = d.short_read_may_leave_more = false;
    d.writable = true;
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
            register_socket(op.fd, d);
            d.input = &op;
            if (d.readable) continue_later(op.fd, d);
            break;
        case opcode::send:
            register_socket(op.fd, d);
            static_cast<send_operation&>(op).sent = 0;
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
        case opcode::poll: {
            operation*& place = static_cast<poll_operation&>(op).events & POLLIN ? d.poll_in : d.poll_out;
            place = &op;
            if (d.in_poll_event) break;
            if (const int error = register_polls(op.fd, d)) {
                place = nullptr;
                throw std::system_error(error, std::generic_category(),
                                        "epoll_ctl: descriptor " + std::to_string(op.fd));
            }
            break;
        }
    }
    op.slot = submitted;
}

void epoll_backend::cancel(operation& op) noexcept {
    if (!op.is_submitted()) return;
    op.slot = operation::no_slot;
    descriptor& d = at(op.fd);
    for (operation** place : {&d.input, &d.output, &d.poll_in, &d.poll_out}) {
        if (*place == &op) *place = nullptr;
    }
    // The last one leaves at once, even within an event: its descriptor may be closed and its number used again there.
    if (op.code == opcode::poll && (!d.in_poll_event || (!d.poll_in && !d.poll_out))) register_polls(op.fd, d);
}

/// Brings the registration of a foreign descriptor in line with the poll operations on it.
/// @return 0, or errno; then the registration is what it was
int epoll_backend::register_polls(native_handle fd, descriptor& d) noexcept {
    const std::uint32_t wanted = (d.poll_in ? EPOLLIN | EPOLLRDHUP : 0u) | (d.poll_out ? EPOLLOUT : 0u);
    if (wanted == d.polled || abandoned_) return 0;
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

void epoll_backend::close(native_handle fd) noexcept {
    descriptor& d = at(fd);
    d.registered = false;
    d.polled = 0;
    ++d.generation;
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
    event_count_ = ::epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout, nullptr);
    if (event_count_ < 0) {
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "event loop: epoll_pwait2");
        event_count_ = 0;
    }
    return true;
}

void epoll_backend::dispatch() {
    for (int i = 0; i < event_count_; ++i) on_event(events_[static_cast<std::size_t>(i)]);
    event_count_ = 0;
    working_.swap(pending_);
    for (const native_handle fd : working_) {
        at(fd).queued = false;
        work(fd);
    }
    working_.clear();
}

void epoll_backend::for_each_submitted(const std::function<void(const operation&)>& visit) const {
    for (const descriptor& d : descriptors_) {
        for (const operation* op : {d.input, d.output, d.poll_in, d.poll_out}) {
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
    work(fd);
}

void epoll_backend::on_poll_event(native_handle fd, std::uint32_t events) {
    at(fd).in_poll_event = true;  // what the callbacks submit again needs no change of the registration
    const auto bring = [&](operation* descriptor::* member, std::uint32_t mask) {
        operation* const op = at(fd).*member;
        if (!op || !(events & (mask | EPOLLHUP | EPOLLERR))) return;
        at(fd).*member = nullptr;
        op->slot = operation::no_slot;
        op->on_complete(*op, {static_cast<int>(events), true});
    };
    bring(&descriptor::poll_in, EPOLLIN | EPOLLRDHUP);
    bring(&descriptor::poll_out, EPOLLOUT);
    at(fd).in_poll_event = false;
    if (register_polls(fd, at(fd)) != 0) {  // a callback has closed the descriptor: it is out of the set as well
        at(fd).poll_in = at(fd).poll_out = nullptr;
        at(fd).polled = 0;
    }
}

void epoll_backend::work(native_handle fd) {
    // Every step may run callbacks that submit, cancel and close: each looks the descriptor up anew.
    if (const descriptor& d = at(fd); d.output && d.writable) {
        d.output->code == opcode::connect ? finish_connect(fd) : send_some(fd);
    }
    if (const descriptor& d = at(fd); d.input && d.readable) {
        d.input->code == opcode::accept ? accept_some(fd) : receive_some(fd);
    }
}

void complete(operation*& place, int result) {
    operation& op = *std::exchange(place, nullptr);
    op.slot = operation::no_slot;
    op.on_complete(op, {result, true});
}

void epoll_backend::accept_some(native_handle fd) {
    for (int i = 0; i < accepts_per_turn; ++i) {
        descriptor& d = at(fd);
        if (!d.input) return;
        const int accepted = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            if (static_cast<accept_operation*>(d.input)->once) return complete(d.input, accepted);
            d.input->on_complete(*d.input, {accepted, false});
            continue;
        }
        switch (errno) {
            case EAGAIN: d.readable = false; return;
            case EMFILE:
            case ENFILE:
            case ENOBUFS:
            case ENOMEM:
            case EBADF:
            case EINVAL: return complete(d.input, -errno);
            default: continue;  // an error of that one connection (ECONNABORTED, EPROTO, EPERM …): the next one
        }
    }
    continue_later(fd, at(fd));
}

void epoll_backend::resume(receive_operation& op) {
    op.paused = false;
    if (descriptor& d = at(op.fd); d.readable) continue_later(op.fd, d);
}

void epoll_backend::receive_some(native_handle fd) {
    descriptor& d = at(fd);
    if (static_cast<receive_operation*>(d.input)->paused) return;
    const auto count = ::recv(fd, received_.data(), received_.size(), 0);
    if (count < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            d.readable = errno == EINTR;
            if (d.readable) continue_later(fd, d);
            return;
        }
        d.readable = false;
        return complete(d.input, -errno);
    }
    if (count == 0) {
        d.readable = false;
        return complete(d.input, 0);
    }
    // A short read has emptied the socket: the next byte makes an edge. Not so at the end of the stream, whose edge may have
    // come together with the last bytes, and before urgent data, where every read stops.
    if (static_cast<std::size_t>(count) < received_.size() && !d.short_read_may_leave_more) d.readable = false;
    d.input->on_complete(*d.input,
                         {static_cast<int>(count), false, std::span(received_).first(static_cast<std::size_t>(count))});
    if (descriptor& again = at(fd); again.input && again.readable) continue_later(fd, again);
}

void epoll_backend::send_some(native_handle fd) {
    descriptor& d = at(fd);
    auto& op = static_cast<send_operation&>(*d.output);
    while (op.sent < op.bytes.size()) {
        const auto rest = op.bytes.subspan(op.sent);
        const auto count = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            op.sent += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN) {
            d.writable = false;
            return;
        } else if (errno != EINTR) {
            return complete(d.output, -errno);
        }
    }
    complete(d.output, static_cast<int>(op.sent));
}

void epoll_backend::finish_connect(native_handle fd) {
    descriptor& d = at(fd);
    int error = static_cast<connect_operation&>(*d.output).error;
    if (error == EINPROGRESS) {
        socklen_t size = sizeof error;
        if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    }
    complete(d.output, -error);
}

}  // namespace

std::unique_ptr<backend> make_epoll_backend() { return std::make_unique<epoll_backend>(); }

}  // namespace weft::inline v0
