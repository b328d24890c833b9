// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/lasting_poll.hpp"
#include "loop/signal_table.hpp"

#include <weft/base/intrusive_list.hpp>
#include <weft/base/unique_fd.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace weft::inline v0 {

/// Somebody who is told of a signal, on the loop's thread, beside others. Unlinked once the loop has closed.
class signal_listener : public list_node {
public:
    using arrived_function = void (*)(signal_listener&, int signal);
    explicit signal_listener(arrived_function arrived) noexcept : arrived_(arrived) {}

private:
    friend class signal_inbox;
    arrived_function arrived_;  // calls nothing of the user's
};

/// What a loop does on signals. The handler in the kernel's sense writes the signal's number into a pipe, which the loop
/// reads; listeners and the callback are called on the loop's thread, as often as the signal arrived. (After some
/// thousands in one turn of the loop the pipe is full: those that follow count as one.)
class signal_inbox {
public:
    /// @throws std::system_error
    explicit signal_inbox(event_loop& loop);
    signal_inbox(const signal_inbox&) = delete;
    signal_inbox& operator=(const signal_inbox&) = delete;
    ~signal_inbox();

    /// The callback of `signal`: replaces an earlier one. @throws std::system_error
    void add(int signal, std::function<void()> f);
    bool remove(int signal);
    /// Which registration of a callback is the present one of `signal`; 0 if there is none.
    std::uint64_t registration(int signal) const;

    /// Any number of listeners. @param who  for the message  @throws std::system_error
    void listen(int signal, signal_listener& l, const char* who);
    void unlisten(int signal, signal_listener& l) noexcept;
    bool has_listeners(int signal);

private:
    struct entry {
        signal_place* place = nullptr;  // null: not told of it yet
        std::shared_ptr<std::function<void()>> call;  // shared with the call in progress, which may remove it
        std::uint64_t registration = 0;
        intrusive_list<signal_listener> listeners;
    };
    entry& obtain(int signal, const char* who);
    void let_go_if_unused(int signal) noexcept;
    void read_pipe();
    int take_missed();
    void deliver(int signal);

    struct readable final : lasting_poll {
        readable(event_loop& loop, signal_inbox& i);
        void on_ready() override { inbox.read_pipe(); }
        signal_inbox& inbox;
    };

    event_loop& loop_;
    unique_fd read_end_, write_end_;
    std::optional<readable> poll_;
    std::map<int, entry> entries_;
    std::uint64_t registrations_ = 0;
};

}  // namespace weft::inline v0
