// SPDX-License-Identifier: Apache-2.0
#include "base/without_sigpipe.hpp"
#include "loop/backend.hpp"
#include "loop/io_uring_entry.hpp"
#include "loop/owned_ring.hpp"
#include "loop/provided_buffers.hpp"

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// One ring, one thread: completions are worked off by the kernel inside our own wait (DEFER_TASKRUN), accepts are
// armed once (multishot), and received bytes land in buffers of ours that go back to the kernel within the same dispatch. A turn of the loop is one io_uring_enter.
//
// The kernel knows an operation by slot and generation, never by address. A slot is taken until the last completion of
// its operation; a cancelled operation leaves an empty slot behind, whose completions are dropped.

namespace weft::inline v0 {

namespace {

constexpr std::uint64_t wake_data = ~std::uint64_t{0};
constexpr std::uint64_t ignored_data = wake_data - 1;

/// A few sends that nobody waits for end no wait: a lone connection would need two system calls a message. Of many the end
/// is better told before more is received: their memory is still in the processor's cache.
constexpr unsigned most_quiet = 8;

/// O_NONBLOCK means "do not wait" to io_uring as well: on a pipe, and on a listener before Linux 6.5 or so.
void let_wait(native_handle fd) noexcept { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK); }

class io_uring_backend final : public backend {
public:
    io_uring_backend();
    ~io_uring_backend() override;

    const char* name() const noexcept override { return "io_uring"; }
    void submit(operation& op) override;
    void cancel(operation& op) noexcept override;
    void pause(receive_operation& op) noexcept override;
    void resume(receive_operation& op) override;
    void expect(send_operation& op) noexcept override;
    bool carries_files() const noexcept override { return true; }
    std::ptrdiff_t try_send(native_handle, std::span<const std::byte>) noexcept override { return 0; }
    std::ptrdiff_t try_send_pieces(native_handle, std::span<const std::span<const std::byte>>) noexcept override {
        return 0;
    }
    void close(native_handle fd) noexcept override;
    bool wait(nanos deadline) override;
    void dispatch() override;
    bool has_happened() const noexcept override { return ::io_uring_cq_ready(&owned_.ring) > 0; }
    void for_each_submitted(const std::function<void(const operation&)>& visit) const override;
    void flush() override;
    void wake() noexcept override;
    void abandon() noexcept override { abandoned_ = true; }
    native_handle poll_fd() const noexcept override { return owned_.ring.ring_fd; }

private:
    struct slot {
        operation* op = nullptr;  // null: cancelled, or free
        std::uint32_t generation = 0;
        std::uint32_t next_free = 0;
        std::uint64_t prepared = 0;  // the number of its last submission entry
        opcode code{};
    };

    io_uring_sqe& entry();
    void prepare(std::uint32_t index);
    void prepare_cancel(std::uint32_t index) noexcept;
    bool hand_over() noexcept;
    void arm_wake();
    void enable();
    void entered(int result);
    void complete(std::uint64_t data, int result, std::uint32_t flags);
    void complete_accept(std::uint32_t index, int result, bool more);
    void complete_receive(std::uint32_t index, int result, std::uint32_t flags);
    void complete_send(std::uint32_t index, int result);
    operation* release(std::uint32_t index) noexcept;
    std::uint64_t data_of(std::uint32_t index) const noexcept {
        return std::uint64_t{slots_[index].generation} << 32 | index;
    }

    provided_buffers received_{*buffers()};  // outlive the ring, which may be receiving into them
    owned_ring owned_;
    io_uring& ring_ = owned_.ring;
    unique_fd wake_;
    std::vector<slot> slots_;
    std::uint32_t first_free_ = operation::no_slot;
    std::uint64_t prepared_ = 0, submitted_ = 0;  // submission entries, counted
    unsigned quiet_ =
        0;  // at most so many of those not yet submitted are quiet sends, whose ends wait() does not wait for
    bool flush_before_close_ = false;  // an entry that names a descriptor about to be closed is not submitted
    bool enabled_ = false;
    bool abandoned_ = false;  // the ring is not to be touched, or could not be: it only remains to close it
};

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

void io_uring_backend::arm_wake() {
    io_uring_sqe& e = entry();
    ::io_uring_prep_poll_multishot(&e, wake_.get(), POLLIN);
    ::io_uring_sqe_set_data64(&e, wake_data);
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
    if (op.code == opcode::receive && op.is_pipe) let_wait(op.fd);
    try {
        prepare(index);
    } catch (...) {
        release(index);
        throw;
    }
}

/// Writes the submission entry of the operation in a slot: when it is submitted, and when a multishot has run out.
void io_uring_backend::prepare(std::uint32_t index) {
    operation& op = *slots_[index].op;
    io_uring_sqe& e = entry();
    slots_[index].prepared = prepared_;
    if (op.is_quiet) ++quiet_;
    fill_entry(e, op);
    ::io_uring_sqe_set_data64(&e, data_of(index));
}

void io_uring_backend::cancel(operation& op) noexcept {
    if (!op.is_submitted()) return;
    const std::uint32_t index = std::exchange(op.slot, operation::no_slot);
    slots_[index].op = nullptr;
    const bool unsubmitted = slots_[index].prepared > submitted_;
    if (abandoned_) return;
    if (op.code != opcode::receive && op.code != opcode::poll && op.code != opcode::writable) {
        // The kernel may be using our memory, or holding a listener open: wait until it has let go. With sockets it does so
        // at once, with a file when the disk has answered; no task runs meanwhile.
        if (!hand_over()) return;
        io_uring_sync_cancel_reg request{};
        request.addr = data_of(index);
        request.timeout.tv_sec = request.timeout.tv_nsec = -1;
        ::io_uring_register_sync_cancel(&ring_, &request);
        // The request holds its socket, and with that the port, until its end has been worked off.
        if (op.code == opcode::accept || op.code == opcode::receive_message) ::io_uring_get_events(&ring_);
        return;
    }
    if (unsubmitted) flush_before_close_ = true;
    prepare_cancel(index);
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

void io_uring_backend::expect(send_operation& op) noexcept {
    if (!std::exchange(op.is_quiet, false) || !op.is_submitted()) return;
    if (slots_[op.slot].prepared > submitted_ && quiet_ > 0) --quiet_;
}

void io_uring_backend::close(native_handle fd) noexcept {
    disclaim(fd);
    // An entry still in the queue would reach whatever gets this descriptor's number next.
    if (flush_before_close_ && !abandoned_) hand_over();
    ::close(fd);
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
    quiet_ = 0;
    flush_before_close_ = flush_before_close_ && submitted_ != prepared_;
}

void io_uring_backend::flush() {
    enable();
    entered(::io_uring_submit(&ring_));
}

bool io_uring_backend::wait(nanos deadline) {
    if (abandoned_) throw std::system_error(EIO, std::generic_category(), "io_uring: an earlier submission failed");
    enable();
    int result = 0;
    if (::io_uring_cq_ready(&ring_)) deadline = 0;
    // A quiet send ends while it is submitted, having sent all or not: one completion more, and something has happened.
    const unsigned enough = quiet_ <= most_quiet ? quiet_ + 1 : 1;
    if (deadline == never) {
        result = ::io_uring_submit_and_wait(&ring_, enough);
    } else if (const nanos left = deadline > 0 ? deadline - now() : 0; left > 0) {
        __kernel_timespec relative{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
        io_uring_cqe* first = nullptr;
        result = ::io_uring_submit_and_wait_timeout(&ring_, &first, enough, &relative, nullptr);
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

// Completing

void io_uring_backend::dispatch() {
    const unsigned count = ::io_uring_cq_ready(&ring_);
    for (unsigned i = 0; i < count; ++i) {
        const io_uring_cqe& c = ring_.cq.cqes[(*ring_.cq.khead) & *ring_.cq.kring_mask];
        const auto data = c.user_data;
        const int result = c.res;
        const std::uint32_t flags = c.flags;
        ::io_uring_cq_advance(&ring_, 1);  // first: a callback may submit, and with that enter the kernel
        complete(data, result, flags);
    }
}

void io_uring_backend::for_each_submitted(const std::function<void(const operation&)>& visit) const {
    for (const slot& s : slots_) {
        if (s.op) visit(*s.op);
    }
}

void io_uring_backend::complete(std::uint64_t data, int result, std::uint32_t flags) {
    if (data == wake_data) {
        if (!(flags & IORING_CQE_F_MORE)) arm_wake();
        return;
    }
    const auto index = static_cast<std::uint32_t>(data);
    if (data == ignored_data || slots_[index].generation != data >> 32) return;
    switch (slots_[index].code) {
        case opcode::accept: return complete_accept(index, result, flags & IORING_CQE_F_MORE);
        case opcode::receive: return complete_receive(index, result, flags);
        case opcode::send:
            if (slots_[index].op) return complete_send(index, result);
            break;
        case opcode::open:
            if (!slots_[index].op && result >= 0) ::close(result);
            break;
        default: break;
    }
    if (operation* const op = release(index)) op->on_complete(*op, {result, true});
}

/// The operation is over: frees its slot. @return the operation, or null if it was cancelled
operation* io_uring_backend::release(std::uint32_t index) noexcept {
    slot& s = slots_[index];
    operation* const op = std::exchange(s.op, nullptr);
    ++s.generation;
    s.next_free = first_free_;
    first_free_ = index;
    if (op) op->slot = operation::no_slot;
    return op;
}

void io_uring_backend::complete_accept(std::uint32_t index, int result, bool more) {
    operation* const op = slots_[index].op;
    if (!op) {
        if (result >= 0) ::close(result);
    } else if (result >= 0 && static_cast<accept_operation*>(op)->once) {
        release(index);
        return op->on_complete(*op, {result, true});
    } else if (result >= 0) {
        op->on_complete(*op, {result, false});
    } else if (result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM || result == -EBADF ||
               result == -EINVAL) {
        release(index);
        return op->on_complete(*op, {result, true});
    }
    // else an error of that one connection (ECONNABORTED, EPROTO …): the next one
    if (result == -EAGAIN && op) let_wait(op->fd);
    if (more) return;
    if (slots_[index].op) {
        prepare(index);
    } else {
        release(index);
    }
}

void io_uring_backend::complete_receive(std::uint32_t index, int result, std::uint32_t flags) {
    if (flags & IORING_CQE_F_BUFFER) {
        const unsigned id = flags >> IORING_CQE_BUFFER_SHIFT;
        byte_buffer& bytes = received_.received(id, result > 0 ? static_cast<std::size_t>(result) : 0);
        if (operation* const op = slots_[index].op; op && result > 0) op->on_complete(*op, {result, false, &bytes});
        received_.done_with(id);
    }
    if (flags & IORING_CQE_F_MORE) return;
    if (operation* const op = slots_[index].op) op->is_drained = result > 0 && !(flags & IORING_CQE_F_SOCK_NONEMPTY);
    // The multishot is over. It is armed again unless it has been cancelled or paused, or the stream has ended or failed.
    if (result == -ENOBUFS && !received_.grow()) result = -ENOMEM;
    auto* const op = static_cast<receive_operation*>(slots_[index].op);
    const bool goes_on = result > 0 || result == -ENOBUFS || result == -ECANCELED || result == -EINTR;
    if (op && goes_on && !op->paused) return prepare(index);
    release(index);
    if (op && !goes_on) op->on_complete(*op, {result, true});
}

/// A part of the bytes has gone; the rest follows. Of a pipe only that it takes something, or is broken: write(2) says which.
void io_uring_backend::complete_send(std::uint32_t index, int result) {
    auto& op = static_cast<send_operation&>(*slots_[index].op);
    op.is_quiet = false;
    if (result == -EAGAIN) return prepare(index);  // it was a quiet one
    if (op.is_pipe && result >= 0) {
        const auto written = write_to_pipe(op.fd, op.bytes.subspan(op.sent));
        if (written == -EAGAIN) return prepare(index);
        result = static_cast<int>(written);
    }
    if (result >= 0) {
        op.sent += static_cast<std::size_t>(result);
        if (op.sent < op.bytes.size()) return prepare(index);
        result = static_cast<int>(op.sent);
    }
    release(index);
    op.on_complete(op, {result, true});
}

}  // namespace

std::unique_ptr<backend> make_io_uring_backend() { return std::make_unique<io_uring_backend>(); }

}  // namespace weft::inline v0
