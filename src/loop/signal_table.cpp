// SPDX-License-Identifier: Apache-2.0
#include "loop/signal_table.hpp"

#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <system_error>

// A signal handler has no argument of ours, so who is told of which signal has to be process-wide. The handler may run on
// any thread at any moment, also on one that holds the table's lock: it walks the places without one.

namespace weft::inline v0 {

namespace {

struct signal_state {
    std::atomic<signal_place*> first{nullptr};
    int occupied = 0;  // of its places; the handler is installed while there is one
    struct sigaction before;
};

constinit signal_state states[NSIG]{};
/// Whose places they are: a forked child inherits them, and the handler, but its signals are not the parent's.
constinit std::atomic<pid_t> owner{0};
/// Handlers under way, on all threads. Sequentially consistent with signal_place::pipe: who has taken a place's pipe away
/// and then sees none under way knows that no handler will write into it.
constinit std::atomic<int> running{0};
/// Locks all but `first`, `pipe`, `missed` and `running`. It holds the process's id, so that a child sees that what it
/// has inherited is a lock of a thread that it has not got.
constinit std::atomic<pid_t> holder{0};

extern "C" void weft_on_signal(int signal) {
    const int saved = errno;
    if (::getpid() != owner.load(std::memory_order_relaxed)) {
        ::signal(signal, SIG_DFL);
        ::raise(signal);  // blocked until this returns; then it does what it does by default
        return;
    }
    running.fetch_add(1);
    const auto number = static_cast<unsigned char>(signal);
    for (signal_place* p = states[signal].first.load(std::memory_order_acquire); p; p = p->next) {
        const native_handle fd = p->pipe.load();
        if (fd < 0 || ::write(fd, &number, 1) == 1) continue;
        p->missed.store(true);
        // Again: if it has been emptied meanwhile, somebody must come and see what was missed.
        [[maybe_unused]] const auto written = ::write(fd, &number, 1);
    }
    running.fetch_sub(1);
    errno = saved;
}

class table_lock {
public:
    table_lock() noexcept {
        const pid_t self = ::getpid();
        for (pid_t found = 0; !holder.compare_exchange_weak(found, self, std::memory_order_acquire);) {
            if (found != self) continue;  // free, or a parent's: taken over
            found = 0;
            ::sched_yield();
        }
        if (owner.load() != self) forget_parent();
        owner.store(self);
    }
    table_lock(const table_lock&) = delete;
    table_lock& operator=(const table_lock&) = delete;
    ~table_lock() { holder.store(0, std::memory_order_release); }

private:
    static void forget_parent() noexcept {
        for (int signal = 1; signal < NSIG; ++signal) {
            signal_state& s = states[signal];
            if (s.occupied) ::sigaction(signal, &s.before, nullptr);
            s.occupied = 0;
            for (signal_place* p = s.first.load(); p; p = p->next) {
                p->pipe.store(-1);
                p->missed.store(false);
            }
        }
        running.store(0);
    }
};

signal_place& free_place(signal_state& s) {
    for (signal_place* p = s.first.load(); p; p = p->next) {
        if (p->pipe.load() < 0) return *p;
    }
    auto* const made = new signal_place;
    made->next = s.first.load();
    s.first.store(made, std::memory_order_release);  // publishes `next`
    return *made;
}

}  // namespace

signal_place& occupy_signal(int signal, native_handle write_end, const char* who) {
    const auto refuse = [&](int error) {
        throw std::system_error(error, std::generic_category(),
                                std::string(who) + ": signal " + std::to_string(signal));
    };
    if (signal < 1 || signal >= NSIG) refuse(EINVAL);
    const table_lock locked;
    signal_state& s = states[signal];
    signal_place& place = free_place(s);
    place.missed.store(false);
    place.pipe.store(write_end);
    if (s.occupied == 0) {
        struct sigaction action{};
        action.sa_handler = weft_on_signal;
        action.sa_flags = SA_RESTART;
        sigfillset(&action.sa_mask);
        if (::sigaction(signal, &action, &s.before) != 0) {
            const int error = errno;
            place.pipe.store(-1);
            refuse(error);
        }
    }
    ++s.occupied;
    return place;
}

void vacate_signal(int signal, signal_place& place, native_handle write_end) noexcept {
    const table_lock locked;
    if (place.pipe.load() != write_end) return;  // forgotten with a parent's, and perhaps somebody's again
    signal_state& s = states[signal];
    if (--s.occupied == 0) ::sigaction(signal, &s.before, nullptr);
    place.pipe.store(-1);
    while (running.load() > 0) ::sched_yield();
}

}  // namespace weft::inline v0
