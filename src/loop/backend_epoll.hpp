// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

// Readiness turned into operations. A socket or pipe is registered once, edge-triggered for everything; "is it readable?" is then
// remembered here, so that an operation costs no epoll_ctl and no system call that only finds out EAGAIN. Descriptors
// under poll operations, which are not ours to read, are registered level-triggered, one shot at a time.

namespace weft::inline v0 {

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
    std::ptrdiff_t try_send_pieces(native_handle fd,
                                   std::span<const std::span<const std::byte>> pieces) noexcept override;
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
        operation* input = nullptr;  // an accept, receive, receive_message or hang_up; or a poll for input
        operation* output = nullptr;  // a send, connect, send_message or writable; or a poll for output
        std::uint32_t polled = 0;  // what poll operations have registered; then it is not ours to read
        std::uint32_t generation = 0;  // of the registration: events of an earlier owner of the number are dropped
        bool registered = false;
        bool readable = false;  // an edge has come that no receive has exhausted
        bool writable = true;
        bool hung_up = false;  // nobody is at the other end
        // More may follow a short read without an edge: the end of the stream, urgent data, the next message.
        bool short_read_may_leave_more = false;
        bool queued = false;  // in pending_
        bool in_poll_event = false;
    };

    descriptor& at(native_handle fd);
    void register_socket(native_handle fd, descriptor& d);
    int register_polls(native_handle fd, descriptor& d) noexcept;
    void continue_later(native_handle fd, descriptor& d);
    int wait_for_events(const timespec* timeout);
    void on_event(const epoll_event& e);
    void on_poll_event(native_handle fd, std::uint32_t events);
    void work(native_handle fd);
    void end(operation*& place, int result);
    void accept_some(native_handle fd);
    void receive_some(native_handle fd);
    void receive_message(native_handle fd);
    void send_some(native_handle fd);
    void send_message(native_handle fd);
    void finish_connect(native_handle fd);

    unique_fd epoll_, wake_;
    std::vector<descriptor> descriptors_;
    std::vector<native_handle> pending_, working_;  // descriptors with work that needs no event any more
    std::vector<epoll_event> events_;
    int event_count_ = 0;
    byte_buffer received_{*buffers()};
    bool counts_in_milliseconds_ = false;
    bool abandoned_ = false;
};

}  // namespace weft::inline v0
