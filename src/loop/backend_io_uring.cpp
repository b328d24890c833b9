// SPDX-License-Identifier: Apache-2.0
#include "loop/backend_io_uring.hpp"

#include "loop/io_uring_entry.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace weft::inline v0 {

io_uring_backend::io_uring_backend() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "event loop: eventfd");
    received_.attach(ring_);
    arm_wake();
}

/// All operations are complete or cancelled. But of those cancelled, an accept or open may have brought a descriptor.
io_uring_backend::~io_uring_backend() {
    if (abandoned_ || !enabled_) return;
    ::io_uring_get_events(&ring_);
    for (io_uring_cqe* c = nullptr; ::io_uring_peek_cqe(&ring_, &c) == 0; ::io_uring_cqe_seen(&ring_, c)) {
        const auto index = static_cast<std::uint32_t>(c->user_data);
        if (index >= slots_.size() || slots_[index].generation != c->user_data >> 32 || c->res < 0) continue;
        if (slots_[index].code == opcode::accept || slots_[index].code == opcode::open) ::close(c->res);
    }
}

// Submitting

/// O_NONBLOCK means "do not wait" to io_uring as well: on a pipe, and on a listener before Linux 6.5 or so.
void io_uring_backend::let_wait(native_handle fd) noexcept { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK); }

io_uring_sqe& io_uring_backend::entry() {
    io_uring_sqe* e = ::io_uring_get_sqe(&ring_);
    if (!e) {
        flush();
        e = ::io_uring_get_sqe(&ring_);
        if (!e) throw std::system_error(EBUSY, std::generic_category(), "io_uring: no submission entry");
    }
    ++prepared_;
    return *e;
}

/// So that wake() ends a wait, also one that came meanwhile: the eventfd is never read. @return false: the queue is full
bool io_uring_backend::arm_wake() noexcept {
    if (is_wake_armed_) return true;
    io_uring_sqe* const e = ::io_uring_get_sqe(&ring_);
    if (!e) return false;
    ++prepared_;
    ::io_uring_prep_poll_multishot(e, wake_.get(), POLLIN);
    ::io_uring_sqe_set_data64(e, wake_data);
    return is_wake_armed_ = true;
}

void io_uring_backend::submit(operation& op) {
    std::uint32_t index = first_free_;
    if (index == operation::no_slot) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        first_free_ = slots_[index].next_free;
    }
    slots_[index].op = &op;
    slots_[index].code = op.code;
    op.slot = index;
    if (op.code == opcode::send) static_cast<send_operation&>(op).sent = 0;
    if (op.code == opcode::connect) static_cast<connect_operation&>(op).error = 0;
    if (op.code == opcode::receive && op.is_pipe) let_wait(op.fd);
    try {
        prepare(index);
    } catch (...) {
        release(index);
        throw;
    }
    has_submitted(op);
}

/// Writes the submission entry of the operation in a slot.
void io_uring_backend::prepare(std::uint32_t index) {
    operation& op = *slots_[index].op;
    io_uring_sqe& e = entry();
    slots_[index].prepared = prepared_;
    op.is_quiet = op.is_quiet && keep_quiet(index);
    fill_entry(e, op);
    ::io_uring_sqe_set_data64(&e, data_of(index));
}

/// @return the submission entry of the operation in a slot, if the kernel has not taken it
io_uring_sqe* io_uring_backend::unsubmitted(std::uint32_t index) noexcept {
    if (slots_[index].prepared <= submitted_) return nullptr;
    const auto behind = static_cast<unsigned>(prepared_ - slots_[index].prepared);
    return &ring_.sq.sqes[(ring_.sq.sqe_tail - 1 - behind) & *ring_.sq.kring_mask];
}

/// Has the kernel never hear of a cancelled operation, if it has not: the entry would use memory that is somebody else's by
/// then, or reach whatever gets the descriptor's number next. Only where flush() has just worked: in a forked child, where
/// it does not, the entries are the parent's. @return whether it had not
bool io_uring_backend::take_back(std::uint32_t index) noexcept {
    io_uring_sqe* const e = unsubmitted(index);
    if (!e) return false;
    *e = {};
    ::io_uring_prep_nop(e);
    e->flags |= IOSQE_CQE_SKIP_SUCCESS;
    ::io_uring_sqe_set_data64(e, ignored_data);
    release(index);
    return true;
}

void io_uring_backend::cancel(operation& op) noexcept {
    if (!op.is_submitted()) return;
    is_cancelling(op);
    const std::uint32_t index = std::exchange(op.slot, operation::no_slot);
    slots_[index].op = nullptr;
    if (abandoned_) return;
    if (op.code != opcode::receive && op.code != opcode::poll && op.code != opcode::writable) {
        // The kernel may be using our memory, or holding a listener open: wait until it has let go. With sockets it does so
        // at once, with a file when the disk has answered; no task runs meanwhile.
        if (!hand_over() || take_back(index)) return;
        io_uring_sync_cancel_reg request{};
        request.addr = data_of(index);
        request.timeout.tv_sec = request.timeout.tv_nsec = -1;
        ::io_uring_register_sync_cancel(&ring_, &request);
        // The request holds its socket, and with that the port, or a pipe's end, until its own end has been worked off.
        if (op.code == opcode::accept || op.code == opcode::receive_message || op.code == opcode::hang_up)
            ::io_uring_get_events(&ring_);
        return;
    }
    if (unsubmitted(index) && !hand_over()) return;
    if (!take_back(index)) prepare_cancel(index);
}

void io_uring_backend::prepare_cancel(std::uint32_t index) noexcept {
    io_uring_sqe* e = ::io_uring_get_sqe(&ring_);
    if (!e && hand_over()) e = ::io_uring_get_sqe(&ring_);
    if (!e) return;
    ++prepared_;
    ::io_uring_prep_cancel64(e, data_of(index), 0);
    ::io_uring_sqe_set_data64(e, ignored_data);
    e->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

/// Submits where nothing may be thrown. What fails here (a loop closed on another thread than it ran on, say) is the end of
/// the ring: the next wait() says so, and closing it ends its operations.
bool io_uring_backend::hand_over() noexcept {
    try {
        flush();
    } catch (const std::system_error&) {
        abandoned_ = true;
    }
    return !abandoned_;
}

// Pausing keeps the slot until the kernel confirms: completions with bytes may be on their way. A resume() that comes
// first makes the confirmation re-arm the operation.
void io_uring_backend::pause(receive_operation& op) noexcept {
    if (!op.is_submitted() || std::exchange(op.paused, true) || abandoned_) return;
    prepare_cancel(op.slot);
}

void io_uring_backend::resume(receive_operation& op) {
    op.paused = false;
    if (!op.is_submitted()) submit(op);
}

/// A few sends need not be told of: a lone connection would take two system calls a message. Of many the end is better told
/// before more is received, for their memory is still in the processor's cache.
bool io_uring_backend::keep_quiet(std::uint32_t index) noexcept {
    if (!all_loud_ && quiet_count_ == quiet_.size()) {
        all_loud_ = true;
        for (const std::uint32_t other : quiet_) make_loud(other);
    }
    if (all_loud_) return false;
    quiet_[quiet_count_++] = index;
    slots_[index].is_quiet = true;
    return true;
}

/// Changes the submission entry, if that has not been submitted.
void io_uring_backend::make_loud(std::uint32_t index) noexcept {
    slot& s = slots_[index];
    io_uring_sqe* const e = unsubmitted(index);
    if (!s.is_quiet || !s.op || !e) return;
    s.is_quiet = s.op->is_quiet = false;
    *e = {};
    fill_entry(*e, *s.op);
    ::io_uring_sqe_set_data64(e, data_of(index));
}

void io_uring_backend::expect(send_operation& op) noexcept {
    if (!op.is_quiet || !op.is_submitted()) return;
    make_loud(op.slot);
    if (op.is_quiet) wake();  // it has been submitted: dispatch() knows how it ended
}

void io_uring_backend::close(native_handle fd) noexcept {
    disclaim(fd);
    ::close(fd);  // no entry in the queue names it: cancel() has taken those back
}

// Waiting

void io_uring_backend::enable() {
    if (enabled_) return;
    // By hand: liburing 2.3 declares io_uring_enable_rings() but does not export it. May go with Debian 12.
    if (::syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) != 0) {
        throw std::system_error(errno, std::generic_category(), "io_uring: enabling the ring");
    }
    enabled_ = true;
}

void io_uring_backend::entered(int result) {
    if (result == -EEXIST)
        throw std::system_error(EEXIST, std::generic_category(), "io_uring: the loop ran on another thread before");
    // ETIME, EINTR: nothing came. EBUSY, EAGAIN: completions must be taken first; the entries stay queued.
    if (result < 0 && result != -ETIME && result != -EINTR && result != -EBUSY && result != -EAGAIN) {
        throw std::system_error(-result, std::generic_category(), "io_uring: io_uring_enter");
    }
    submitted_ = prepared_ - ::io_uring_sq_ready(&ring_);
    all_loud_ = false;
}

void io_uring_backend::flush() {
    enable();
    const bool can_wake = arm_wake();
    entered(::io_uring_submit(&ring_));
    if (!can_wake && arm_wake()) entered(::io_uring_submit(&ring_));
}

bool io_uring_backend::wait(nanos deadline) {
    if (abandoned_) throw std::system_error(EIO, std::generic_category(), "io_uring: an earlier submission failed");
    enable();
    int result = 0;
    // Without a place for what wake() needs, it is only submitted: the next one has it.
    if (!arm_wake() || ::io_uring_cq_ready(&ring_)) deadline = 0;
    if (deadline == never) {
        result = ::io_uring_submit_and_wait(&ring_, 1);
    } else if (const nanos left = deadline > 0 ? deadline - now() : 0; left > 0) {
        __kernel_timespec relative{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
        io_uring_cqe* first = nullptr;
        result = ::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &relative, nullptr);
    } else {
        result = ::io_uring_submit_and_get_events(&ring_);
    }
    entered(result);
    return true;
}

void io_uring_backend::wake() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);  // fails only when it is full: awake
}

std::unique_ptr<backend> make_io_uring_backend() { return std::make_unique<io_uring_backend>(); }

}  // namespace weft::inline v0
