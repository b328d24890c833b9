// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/loop/loop_service.hpp>
#include <weft/loop/timer_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::inline v0 {

class event_loop;

/// One wait for one descriptor, inside whoever waits.
struct descriptor_wait : list_node {
    int fd = -1;
    short events = 0;  // of poll(2)
    void (*tell)(descriptor_wait& w,
                 int result) = nullptr;  // 1: it may be ready; -EBADF: it is being closed. Linked no more
    void* owner = nullptr;
};

/// The descriptors of others that a loop's fibers wait for: any number of waits for one, in either direction, also for one that
/// a stream of the loop has. They are in an epoll set of their own, which the loop polls while there are waits, and a
/// millisecond longer; so the loop's backends need to know nothing of it, and a descriptor that is waited for again and again
/// costs one epoll_ctl(2) a wait.
/// What is told is "look again": waits end without reason as well. @thread its loop's
class descriptor_hub final : public loop_service {
public:
    explicit descriptor_hub(event_loop& loop);
    ~descriptor_hub() override;
    /// The loop's. @throws std::system_error
    static descriptor_hub& of(event_loop& loop);
    /// This thread's loop's, if it has one.
    static descriptor_hub* here_or_null() noexcept { return here; }

    /// @return 0, or -errno: -EPERM, it cannot be waited for, being a file
    int add(descriptor_wait& w);
    void remove(descriptor_wait& w) noexcept;
    void closing(int fd) noexcept;

private:
    struct descriptor {
        intrusive_list<descriptor_wait> waits;
        bool in_set = false;
    };
    int arm(int fd, descriptor& d) noexcept;
    void collect();
    void rest();
    void end(descriptor_wait& w, int result) noexcept;

    static constinit thread_local descriptor_hub* here;

    event_loop& loop_;
    unique_fd epoll_;
    std::vector<descriptor*> descriptors_;  // by number
    std::size_t waits_ = 0;
    bool polled_ = false;
    owned_timer<descriptor_hub, &descriptor_hub::rest> idle_{*this};
};

}  // namespace weft::inline v0
