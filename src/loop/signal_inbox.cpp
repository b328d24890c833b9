// SPDX-License-Identifier: Apache-2.0
#include "loop/signal_inbox.hpp"

#include "loop/backend.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

signal_inbox::readable::readable(event_loop& loop, signal_inbox& i)
    : lasting_poll(loop, i.read_end_.get(), POLLIN), inbox(i) {}

signal_inbox::signal_inbox(event_loop& loop) : loop_(loop) {
    int ends[2];
    if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "signals: pipe2");
    }
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
    poll_.emplace(loop, *this);
}

signal_inbox::~signal_inbox() {
    for (auto& [signal, e] : entries_) vacate_signal(signal, *e.place, write_end_.get());
    entries_.clear();
    poll_.reset();
    loop_.operations().close(read_end_.release());
}

signal_inbox::entry& signal_inbox::obtain(int signal, const char* who) {
    entry& e = entries_[signal];
    if (e.place) return e;
    try {
        e.place = &occupy_signal(signal, write_end_.get(), who);
    } catch (...) {
        entries_.erase(signal);
        throw;
    }
    return e;
}

void signal_inbox::let_go_if_unused(int signal) noexcept {
    const auto found = entries_.find(signal);
    if (found->second.call || !found->second.listeners.empty()) return;
    vacate_signal(signal, *found->second.place, write_end_.get());
    entries_.erase(found);
}

void signal_inbox::add(int signal, std::function<void()> f) {
    auto call = std::make_shared<std::function<void()>>(std::move(f));
    entry& e = obtain(signal, "add_signal_handler");
    e.call = std::move(call);
    e.registration = ++registrations_;
}

std::uint64_t signal_inbox::registration(int signal) const {
    const auto found = entries_.find(signal);
    return found == entries_.end() ? 0 : found->second.registration;
}

bool signal_inbox::remove(int signal) {
    const auto found = entries_.find(signal);
    if (found == entries_.end() || !found->second.call) return false;
    found->second.call = nullptr;
    found->second.registration = 0;
    let_go_if_unused(signal);
    return true;
}

void signal_inbox::listen(int signal, signal_listener& l, const char* who) {
    obtain(signal, who).listeners.push_back(l);
}

void signal_inbox::unlisten(int signal, signal_listener& l) noexcept {
    l.unlink();
    let_go_if_unused(signal);
}

bool signal_inbox::has_listeners(int signal) {
    const auto found = entries_.find(signal);
    return found != entries_.end() && !found->second.listeners.empty();
}

void signal_inbox::read_pipe() {
    unsigned char numbers[64];
    for (;;) {
        const auto count = ::read(read_end_.get(), numbers, sizeof numbers);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;  // EAGAIN: all read. The write end is ours, so there is no end of file.
        for (int i = 0; i < count; ++i) deliver(numbers[i]);
    }
    while (const int signal = take_missed()) deliver(signal);
}

/// @return a signal that found the pipe full; 0 if there is none
int signal_inbox::take_missed() {
    for (auto& [signal, e] : entries_) {
        if (e.place->missed.load(std::memory_order_relaxed) && e.place->missed.exchange(false)) return signal;
    }
    return 0;
}

void signal_inbox::deliver(int signal) {
    const auto found = entries_.find(signal);
    if (found == entries_.end()) return;  // let go since it arrived
    for (signal_listener& l : found->second.listeners) l.arrived_(l, signal);
    if (const auto call = found->second.call) (*call)();
}

}  // namespace weft::inline v0
