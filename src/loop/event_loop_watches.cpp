// SPDX-License-Identifier: Apache-2.0
// Callbacks for what happens outside: descriptors that are ready, signals that arrive.
#include "loop/backend.hpp"
#include "loop/descriptor_watch.hpp"
#include "loop/report.hpp"
#include "loop/signal_inbox.hpp"

#include <weft/loop/event_loop.hpp>

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace weft::inline v0 {

namespace {
std::size_t place_of(native_handle fd, short events) noexcept {
    return 2 * static_cast<std::size_t>(fd) + (events == POLLOUT);
}
}  // namespace

void event_loop::add_reader(native_handle fd, std::function<void()> f) { watch(fd, POLLIN, std::move(f)); }
void event_loop::add_writer(native_handle fd, std::function<void()> f) { watch(fd, POLLOUT, std::move(f)); }
bool event_loop::remove_reader(native_handle fd) { return unwatch(fd, POLLIN); }
bool event_loop::remove_writer(native_handle fd) { return unwatch(fd, POLLOUT); }

void event_loop::watch(native_handle fd, short events, std::function<void()> f) {
    check_open();
    const auto what = [&] {
        return (events == POLLIN ? "add_reader: descriptor " : "add_writer: descriptor ") + std::to_string(fd);
    };
    if (backend_->is_claimed(fd))
        throw invalid_state_error(what() + " is a stream's, server's or socket's of this loop");
    unwatch(fd, events);
    if (::fcntl(fd, F_GETFD) == -1) {  // an io_uring would say so only in every turn
        throw std::system_error(errno, std::generic_category(), what());
    }
    const std::size_t place = place_of(fd, events);
    if (place >= watches_.size()) watches_.resize(place + place / 2 + 2);
    watches_[place] = std::make_unique<descriptor_watch>(*this, fd, events, guarded(std::move(f)));
}

/// Who is refused closes the descriptor: a watch that stayed would be for whatever gets its number next.
void event_loop::require_unwatched(native_handle fd, const char* who) {
    const bool had_reader = remove_reader(fd);
    const bool had_writer = remove_writer(fd);
    if (!had_reader && !had_writer) return;
    throw invalid_state_error(std::string(who) + ": descriptor " + std::to_string(fd) +
                              " is watched: " + (had_reader ? "remove_reader()" : "remove_writer()") +
                              " first, or two would take each other's events (it is closed, and watched no more)");
}

/// Has a callback run in a copy of the present context, and keeps what it throws out of the backend.
std::function<void()> event_loop::guarded(std::function<void()> f) {
    return [this, f = std::move(f), context = context_to_carry()] {
        run_callback_in(context);
        try {
            f();
        } catch (...) {
            report(*this, "Exception in callback", std::current_exception());
        }
        run_callback_in(nullptr);
    };
}

bool event_loop::unwatch(native_handle fd, short events) {
    if (fd < 0 || place_of(fd, events) >= watches_.size()) return false;
    // Out of its place first: what the callback held may add another one there.
    return std::exchange(watches_[place_of(fd, events)], nullptr) != nullptr;
}

signal_inbox& event_loop::signals() {
    check_open();
    if (!signals_) signals_ = std::make_unique<signal_inbox>(*this);
    return *signals_;
}
void event_loop::add_signal_handler(int signal, std::function<void()> f) {
    signals().add(signal, guarded(std::move(f)));
}
std::uint64_t event_loop::signal_registration(int signal) const {
    return signals_ ? signals_->registration(signal) : 0;
}
bool event_loop::remove_signal_handler(int signal) { return signals_ && signals_->remove(signal); }

}  // namespace weft::inline v0
