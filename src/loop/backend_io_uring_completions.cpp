// SPDX-License-Identifier: Apache-2.0
#include "base/without_sigpipe.hpp"
#include "loop/backend_io_uring.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

// What has happened: each completion finds its operation, and ends it or arms it again.

namespace weft::inline v0 {

void io_uring_backend::dispatch() {
    complete_quiet_sends();
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
        if (!(flags & IORING_CQE_F_MORE)) is_wake_armed_ = false;  // the next wait arms it: there may be no room now
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
        case opcode::connect:
            if (slots_[index].op) return complete_connect(index, result);
            break;
        case opcode::receive_message:
        case opcode::send_message:
            if (slots_[index].op && result == -EINTR) return rearm(index);
            break;
        case opcode::open:
            if (!slots_[index].op && result >= 0) ::close(result);
            break;
        default: break;
    }
    if (operation* const op = release(index)) deliver(*op, {result, true});
}

/// The operation is over: frees its slot. @return the operation, or null if it was cancelled
operation* io_uring_backend::release(std::uint32_t index) noexcept {
    slot& s = slots_[index];
    operation* const op = std::exchange(s.op, nullptr);
    s.is_quiet = false;
    ++s.generation;
    s.next_free = first_free_;
    first_free_ = index;
    if (op) op->slot = operation::no_slot;
    return op;
}

/// The operation goes on: it was interrupted, or a multishot has run out. Where the kernel takes nothing now, it is over.
void io_uring_backend::rearm(std::uint32_t index) {
    int error = 0;
    try {
        return prepare(index);
    } catch (...) {
        error = refusal();
    }
    operation* const op = release(index);
    deliver(*op, {-error, true});
}

void io_uring_backend::complete_accept(std::uint32_t index, int result, bool more) {
    auto* const op = static_cast<accept_operation*>(slots_[index].op);
    if (!op) {
        if (result >= 0) ::close(result);
    } else if (result >= 0) {
        op->failures = 0;
        if (op->once) {
            release(index);
            return deliver(*op, {result, true});
        }
        deliver(*op, {result, false});
    } else if (result == -EAGAIN) {
        let_wait(op->fd);
    } else if (!op->note_failure(-result)) {
        release(index);
        return deliver(*op, {result, true});
    }
    if (more) return;
    if (slots_[index].op) {
        rearm(index);
    } else {
        release(index);
    }
}

void io_uring_backend::complete_receive(std::uint32_t index, int result, std::uint32_t flags) {
    if (flags & IORING_CQE_F_BUFFER) {
        const unsigned id = flags >> IORING_CQE_BUFFER_SHIFT;
        byte_buffer& bytes = received_.received(id, result > 0 ? static_cast<std::size_t>(result) : 0);
        if (operation* const op = slots_[index].op; op && result > 0) deliver(*op, {result, false, &bytes});
        received_.done_with(id);
    }
    if (flags & IORING_CQE_F_MORE) return;
    if (operation* const op = slots_[index].op) op->is_drained = result > 0 && !(flags & IORING_CQE_F_SOCK_NONEMPTY);
    // The multishot is over. It is armed again unless it has been cancelled or paused, or the stream has ended or failed.
    if (result == -ENOBUFS && !received_.grow()) result = -ENOMEM;
    auto* const op = static_cast<receive_operation*>(slots_[index].op);
    const bool goes_on = result > 0 || result == -ENOBUFS || result == -ECANCELED || result == -EINTR;
    if (op && goes_on && !op->paused) return rearm(index);
    release(index);
    if (op && !goes_on) deliver(*op, {result, true});
}

/// A part of the bytes has gone; the rest follows. Of a pipe only that it takes something, or is broken: write(2) says which.
void io_uring_backend::complete_send(std::uint32_t index, int result) {
    auto& op = static_cast<send_operation&>(*slots_[index].op);
    const bool was_quiet = std::exchange(op.is_quiet, false);
    slots_[index].is_quiet = false;  // complete_quiet_sends() may not have seen this completion
    if (result == -EINTR || (was_quiet && result == -EAGAIN)) return rearm(index);
    if (op.is_pipe && result >= 0) {
        const auto written = write_to_pipe(op.fd, op.bytes.subspan(op.sent));
        if (written == -EAGAIN) return rearm(index);
        result = static_cast<int>(written);
    }
    if (result >= 0) {
        op.sent += static_cast<std::size_t>(result);
        if (op.sent < op.bytes.size()) return rearm(index);
        result = static_cast<int>(op.sent);
    }
    release(index);
    deliver(op, {result, true});
}

/// An interrupted connect goes on by itself: it is waited for, and connect(2) says what came of it. On a Unix socket, where it
/// does not go on, that connects.
void io_uring_backend::complete_connect(std::uint32_t index, int result) {
    auto& op = static_cast<connect_operation&>(*slots_[index].op);
    if (op.error == EINTR && result >= 0) {
        const bool is_connected =
            ::connect(op.fd, reinterpret_cast<const sockaddr*>(&op.address), op.address_bytes) == 0 || errno == EISCONN;
        result = is_connected ? 0 : -errno;
        if (result == -EALREADY || result == -EINPROGRESS) return rearm(index);
    }
    if (result == -EINTR) {
        op.error = EINTR;
        return rearm(index);
    }
    release(index);
    deliver(op, {result, true});
}

// Quiet sends

bool io_uring_backend::has_sent_quietly() const noexcept {
    return std::any_of(
        quiet_.begin(), quiet_.begin() + static_cast<std::ptrdiff_t>(quiet_count_),
        [&](std::uint32_t index) { return slots_[index].is_quiet && slots_[index].prepared <= submitted_; });
}

/// Those that were submitted have sent all, but for those whose completion is there, or among what the ring has no room for:
/// then that is waited for.
void io_uring_backend::complete_quiet_sends() {
    if (quiet_count_ == 0) return;
    const unsigned count = ::io_uring_cq_ready(&ring_);
    for (unsigned i = 0; i < count; ++i) {
        const auto data = ring_.cq.cqes[(*ring_.cq.khead + i) & *ring_.cq.kring_mask].user_data;
        const auto index = static_cast<std::uint32_t>(data);
        if (index < slots_.size() && slots_[index].generation == data >> 32) slots_[index].is_quiet = false;
    }
    // Here, for on_complete() may submit others
    const std::uint64_t submitted = ::io_uring_cq_has_overflow(&ring_) ? 0 : submitted_;
    const auto all = quiet_;
    const auto all_end = all.begin() + static_cast<std::ptrdiff_t>(std::exchange(quiet_count_, 0));
    for (auto each = all.begin(); each != all_end; ++each) {
        if (slots_[*each].is_quiet && slots_[*each].prepared > submitted) quiet_[quiet_count_++] = *each;
    }
    for (auto each = all.begin(); each != all_end; ++each) {
        if (slots_[*each].prepared > submitted || !std::exchange(slots_[*each].is_quiet, false)) continue;
        operation* const op = release(*each);
        if (!op) continue;
        op->is_quiet = false;
        deliver(*op, {static_cast<int>(static_cast<send_operation&>(*op).bytes.size()), true});
    }
}

}  // namespace weft::inline v0
