// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"
#include "loop/owned_ring.hpp"
#include "loop/provided_buffers.hpp"

#include <weft/base/unique_fd.hpp>

#include <liburing.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

// One ring, one thread: completions are worked off by the kernel inside our own wait (DEFER_TASKRUN), accepts are
// armed once (multishot), and received bytes land in buffers of ours that go back to the kernel within the same dispatch.
// A turn of the loop is one io_uring_enter.
//
// The kernel knows an operation by slot and generation, never by address. A slot is taken until the last completion of
// its operation; a cancelled operation leaves an empty slot behind, whose completions are dropped.

namespace weft::inline v0 {

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
    bool has_happened() const noexcept override { return ::io_uring_cq_ready(&owned_.ring) > 0 || has_sent_quietly(); }
    void for_each_submitted(const std::function<void(const operation&)>& visit) const override;
    void flush() override;
    void wake() noexcept override;
    void abandon() noexcept override { abandoned_ = true; }
    native_handle poll_fd() const noexcept override { return owned_.ring.ring_fd; }

private:
    // What the kernel calls an entry that is no operation's
    static constexpr std::uint64_t wake_data = ~std::uint64_t{0};
    static constexpr std::uint64_t ignored_data = wake_data - 1;

    struct slot {
        operation* op = nullptr;  // null: cancelled, or free
        std::uint32_t generation = 0;
        std::uint32_t next_free = 0;
        std::uint64_t prepared = 0;  // the number of its last submission entry
        opcode code{};
        bool is_quiet = false;  // if it succeeds, no completion comes
    };

    io_uring_sqe& entry();
    void prepare(std::uint32_t index);
    void rearm(std::uint32_t index);
    io_uring_sqe* unsubmitted(std::uint32_t index) noexcept;
    bool take_back(std::uint32_t index) noexcept;
    void prepare_cancel(std::uint32_t index) noexcept;
    bool hand_over() noexcept;
    bool arm_wake() noexcept;
    void enable();
    void entered(int result);
    void complete(std::uint64_t data, int result, std::uint32_t flags);
    void complete_accept(std::uint32_t index, int result, bool more);
    void complete_receive(std::uint32_t index, int result, std::uint32_t flags);
    void complete_send(std::uint32_t index, int result);
    void complete_connect(std::uint32_t index, int result);
    operation* release(std::uint32_t index) noexcept;
    static void let_wait(native_handle fd) noexcept;

    // Quiet sends: the kernel tells of those alone that did not send all at once. The others have when they are submitted.
    bool keep_quiet(std::uint32_t index) noexcept;
    void make_loud(std::uint32_t index) noexcept;
    bool has_sent_quietly() const noexcept;
    void complete_quiet_sends();

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
    std::array<std::uint32_t, 8> quiet_{};  // the slots of quiet sends
    std::size_t quiet_count_ = 0;
    bool all_loud_ = false;  // there were more of them than that in this submission
    bool is_wake_armed_ = false;
    bool enabled_ = false;
    bool abandoned_ = false;  // the ring is not to be touched, or could not be: it only remains to close it
};

}  // namespace weft::inline v0
