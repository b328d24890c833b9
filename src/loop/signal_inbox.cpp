// SPDX-License-Identifier: Apache-2.0
#include "loop/signal_inbox.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>

namespace weft::inline v0 {

namespace {

/// The pipe's write end for each signal, plus one, so that the zero-initialised table says "none".
constinit std::atomic<int> pipe_of_signal[NSIG]{};
/// Whose pipes they are: a forked child inherits them, and the handler, but its signals are not the parent's.
constinit std::atomic<pid_t> owner{0};

extern "C" void weft_on_signal(int signal) {
    const int saved = errno;
    if (::getpid() != owner.load(std::memory_order_relaxed)) {
        ::signal(signal, SIG_DFL);
        ::raise(signal);  // blocked until this returns; then it does what it does by default
        return;
    }
    if (const int fd = pipe_of_signal[signal].load(std::memory_order_relaxed) - 1; fd >= 0) {
        const auto number = static_cast<unsigned char>(signal);
        // A full pipe means that thousands of signals are waiting to be read: this one is among them.
        [[maybe_unused]] const auto written = ::write(fd, &number, 1);
    }
    errno = saved;
}

}  // namespace

signal_inbox::signal_inbox(backend& b) : backend_(b), operation_(*this) {
    int ends[2];
    if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "add_signal_handler: pipe2");
    }
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
    operation_.fd = ends[0];
    operation_.events = POLLIN;
    backend_.submit(operation_);
}

signal_inbox::~signal_inbox() {
    while (!entries_.empty()) remove(entries_.begin()->first);
    backend_.cancel(operation_);
    backend_.close(read_end_.release());
}

void signal_inbox::add(int signal, std::function<void()> f) {
    const auto refuse = [&](int error) {
        throw std::system_error(error, std::generic_category(), "add_signal_handler: signal " + std::to_string(signal));
    };
    if (signal < 1 || signal >= NSIG) refuse(EINVAL);
    if (const auto found = entries_.find(signal); found != entries_.end()) {
        found->second.call = std::move(f);
        found->second.registration = ++registrations_;
        return;
    }
    int none = 0;
    if (!pipe_of_signal[signal].compare_exchange_strong(none, write_end_.get() + 1)) refuse(EBUSY);
    owner.store(::getpid());
    struct sigaction action{};
    action.sa_handler = weft_on_signal;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    entry e{std::move(f), {}, ++registrations_};
    if (::sigaction(signal, &action, &e.before) != 0) {
        const int error = errno;
        pipe_of_signal[signal].store(0);
        refuse(error);
    }
    entries_.emplace(signal, std::move(e));
}

std::uint64_t signal_inbox::registration(int signal) const {
    const auto found = entries_.find(signal);
    return found == entries_.end() ? 0 : found->second.registration;
}

bool signal_inbox::remove(int signal) {
    const auto found = entries_.find(signal);
    if (found == entries_.end()) return false;
    ::sigaction(signal, &found->second.before, nullptr);
    pipe_of_signal[signal].store(0);
    entries_.erase(found);
    return true;
}

void signal_inbox::own_operation::completed(operation& op, const completion&) {
    signal_inbox& self = static_cast<own_operation&>(op).owner;
    self.backend_.submit(op);
    self.read_pipe();
}

void signal_inbox::read_pipe() {
    unsigned char numbers[64];
    for (;;) {
        const auto count = ::read(read_end_.get(), numbers, sizeof numbers);
        if (count <= 0) return;  // EAGAIN: all read. The write end is ours, so there is no end of file.
        for (int i = 0; i < count; ++i) {
            if (const auto found = entries_.find(numbers[i]); found != entries_.end()) {
                const auto call = found->second.call;  // a copy: the callback may remove itself
                call();
            }
        }
    }
}

}  // namespace weft::inline v0
