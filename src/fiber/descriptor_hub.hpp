// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/loop/loop_service.hpp>
#include <weft/loop/timer_queue.hpp>

#include <sys/types.h>

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
    /// @return 0, or -errno: -EPERM, it cannot be waited for, being a file
    int add(descriptor_wait& w);
    void remove(descriptor_wait& w) noexcept;
    /// `fd` is about to be closed here: tells whoever waits for it, of any of this thread's loops. In a forked child, and in one that
    /// runs in its parent's memory, it does nothing: what is waited for is the parent's. @thread any
    static void closing(int fd) noexcept;

private:
    struct descriptor {
        intrusive_list<descriptor_wait> waits;
        bool in_set = false;
    };
    int arm(int fd, descriptor& d) noexcept;
    void collect();
    void rest();
    void end(descriptor_wait& w, int result) noexcept;
    void tell_of_end(int fd) noexcept;

    static constinit thread_local descriptor_hub* first_here;

    event_loop& loop_;
    const pid_t process_;
    descriptor_hub* next_here_;  // that of another loop, which takes turns with this one
    unique_fd epoll_;
    std::vector<descriptor*> descriptors_;  // by number
    std::size_t waits_ = 0;
    bool polled_ = false;
    owned_timer<descriptor_hub, &descriptor_hub::rest> idle_{*this};
};

}  // namespace weft::inline v0
