// SPDX-License-Identifier: Apache-2.0
#include "fiber/descriptor_hub.hpp"

#include <weft/loop/event_loop.hpp>

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

static_assert(POLLIN == EPOLLIN && POLLPRI == EPOLLPRI && POLLOUT == EPOLLOUT && POLLERR == EPOLLERR &&
              POLLHUP == EPOLLHUP && POLLRDHUP == EPOLLRDHUP);

namespace {
constexpr std::uint32_t always_told = EPOLLERR | EPOLLHUP;
constexpr nanos polled_without_waits = 1'000'000;

const loop_service_kind kind = {
    .make = [](event_loop& loop) -> std::unique_ptr<loop_service> { return std::make_unique<descriptor_hub>(loop); }};
}  // namespace

constinit thread_local descriptor_hub* descriptor_hub::first_here = nullptr;

descriptor_hub::descriptor_hub(event_loop& loop)
    : loop_(loop), process_(::getpid()), next_here_(first_here), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1 for the fibers of a loop");
    first_here = this;
}

descriptor_hub::~descriptor_hub() {
    for (descriptor_hub** at = &first_here; *at; at = &(*at)->next_here_) {
        if (*at != this) continue;
        *at = next_here_;
        break;
    }
    if (polled_) loop_.remove_reader(epoll_.get());
    for (const descriptor* const d : descriptors_) delete d;
}

descriptor_hub& descriptor_hub::of(event_loop& loop) { return static_cast<descriptor_hub&>(loop.service(kind)); }

int descriptor_hub::add(descriptor_wait& w) {
    const auto index = static_cast<std::size_t>(w.fd);
    if (index >= descriptors_.size()) descriptors_.resize(index + index / 2 + 16);
    if (!descriptors_[index]) descriptors_[index] = new descriptor;
    descriptor& d = *descriptors_[index];
    d.waits.push_back(w);
    if (const int error = arm(w.fd, d)) {
        w.unlink();
        return -error;
    }
    ++waits_;
    if (!std::exchange(polled_, true)) loop_.add_reader(epoll_.get(), [this] { collect(); });
    return 0;
}

void descriptor_hub::remove(descriptor_wait& w) noexcept {
    if (!w.is_linked()) return;
    w.unlink();  // what is armed for it tells of nothing but itself, once
    if (--waits_ == 0 && !idle_.is_pending()) loop_.add_timer(idle_, loop_.now() + polled_without_waits);
}

void descriptor_hub::rest() {
    if (waits_ == 0 && std::exchange(polled_, false)) loop_.remove_reader(epoll_.get());
}

/// Has the set tell once of what is waited for. @return 0, or errno
int descriptor_hub::arm(int fd, descriptor& d) noexcept {
    std::uint32_t wanted = 0;
    for (const descriptor_wait& w : d.waits) wanted |= static_cast<std::uint32_t>(w.events) & 0xffffu;
    if (d.waits.empty()) return 0;
    wanted |= EPOLLONESHOT;
    epoll_event e{};
    e.events = wanted;
    e.data.fd = fd;
    // The number may have become another file's, which the set has not, without our being told.
    if (d.in_set && ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &e) == 0) return 0;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e) != 0 &&
        (errno != EEXIST || ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &e) != 0)) {
        d.in_set = false;
        return errno;
    }
    d.in_set = true;
    return 0;
}

void descriptor_hub::end(descriptor_wait& w, int result) noexcept {
    remove(w);
    w.tell(w, result);
}

void descriptor_hub::collect() {
    epoll_event events[64];
    const int count = ::epoll_wait(epoll_.get(), events, 64, 0);
    for (int i = 0; i < count; ++i) {
        descriptor& d = *descriptors_[static_cast<std::size_t>(events[i].data.fd)];
        intrusive_list<descriptor_wait> rest;
        while (!d.waits.empty()) {
            descriptor_wait& w = d.waits.front();
            if (events[i].events & (static_cast<std::uint32_t>(w.events) | always_told)) {
                end(w, 1);
            } else {
                w.unlink();
                rest.push_back(w);
            }
        }
        while (!rest.empty()) {
            descriptor_wait& w = rest.front();
            w.unlink();
            d.waits.push_back(w);
        }
        if (arm(events[i].data.fd, d) != 0) {
            while (!d.waits.empty()) end(d.waits.front(), 1);
        }
    }
}

void descriptor_hub::closing(int fd) noexcept {
    for (descriptor_hub* hub = first_here; hub; hub = hub->next_here_) hub->tell_of_end(fd);
}

void descriptor_hub::tell_of_end(int fd) noexcept {
    const auto index = static_cast<std::size_t>(fd);
    if (fd < 0 || index >= descriptors_.size() || !descriptors_[index]) return;
    descriptor& d = *descriptors_[index];
    if ((!d.in_set && d.waits.empty()) || ::getpid() != process_) return;
    if (std::exchange(d.in_set, false)) {
        epoll_event e{};
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &e);  // it would stay as long as a copy of it is open
    }
    while (!d.waits.empty()) end(d.waits.front(), -EBADF);
}

}  // namespace weft::inline v0
