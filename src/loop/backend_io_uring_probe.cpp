// SPDX-License-Identifier: Apache-2.0
#include "base/buffer_pool.hpp"
#include "loop/backend_io_uring.hpp"
#include "loop/owned_ring.hpp"
#include "loop/provided_buffers.hpp"

#include <liburing.h>

#include <cerrno>
#include <memory>
#include <system_error>

// What a kernel has of what io_uring_backend uses, found out on a ring like its own.

namespace weft::inline v0 {

namespace {

struct used_opcode {
    io_uring_op code;
    const char *name, *use;
};
constexpr used_opcode opcodes[] = {
    {IORING_OP_ACCEPT, "ACCEPT", "servers"},
    {IORING_OP_CONNECT, "CONNECT", "clients"},
    {IORING_OP_RECV, "RECV", "streams"},
    {IORING_OP_SEND, "SEND", "streams"},
    {IORING_OP_RECVMSG, "RECVMSG", "datagrams"},
    {IORING_OP_SENDMSG, "SENDMSG", "datagrams"},
    {IORING_OP_POLL_ADD, "POLL_ADD", "watched descriptors, wake-ups from other threads"},
    {IORING_OP_ASYNC_CANCEL, "ASYNC_CANCEL", "cancelled and paused operations"},
    {IORING_OP_OPENAT, "OPENAT", "files"},
    {IORING_OP_READ, "READ", "files and pipes"},
    {IORING_OP_WRITE, "WRITE", "files"},
    {IORING_OP_FSYNC, "FSYNC", "files"},
    {IORING_OP_STATX, "STATX", "files"},
    {IORING_OP_NOP, "NOP", "entries that are taken back"},
};

struct used_feature {
    unsigned flag;
    const char *name, *use;
};
constexpr used_feature features[] = {
    {IORING_FEAT_NODROP, "FEAT_NODROP", "completions that the ring has no room for are kept"},
    {IORING_FEAT_FAST_POLL, "FEAT_FAST_POLL", "sockets are waited for without a thread"},
    {IORING_FEAT_EXT_ARG, "FEAT_EXT_ARG", "waiting until a deadline is one system call"},
    {IORING_FEAT_CQE_SKIP, "FEAT_CQE_SKIP", "sends that succeed need no completion"},
};

bool has_provided_buffers(provided_buffers& buffers, io_uring& ring) {
    try {
        buffers.attach(ring);
    } catch (const std::system_error&) {
        return false;
    }
    return true;
}

bool has_synchronous_cancel(io_uring& ring) noexcept {
    io_uring_sync_cancel_reg nothing{};
    nothing.addr = 1;
    nothing.timeout.tv_sec = nothing.timeout.tv_nsec = -1;
    return ::io_uring_register_sync_cancel(&ring, &nothing) == -ENOENT;  // there is no such operation
}

}  // namespace

std::vector<io_uring_part> probe_io_uring() {
    buffer_pool pool;
    provided_buffers buffers(pool);
    owned_ring owned;
    std::vector<io_uring_part> parts = {
        {.name = "SETUP_DEFER_TASKRUN", .use = "completions are worked off in the loop's own wait", .is_there = true},
        {.name = "REGISTER_PBUF_RING",
         .use = "buffers that the kernel receives into",
         .is_there = has_provided_buffers(buffers, owned.ring)},
        {.name = "REGISTER_SYNC_CANCEL",
         .use = "cancelling what the kernel uses memory of ours for",
         .is_there = has_synchronous_cancel(owned.ring)},
    };
    for (const auto& [flag, name, use] : features) {
        parts.push_back({.name = name, .use = use, .is_there = (owned.ring.features & flag) != 0});
    }
    const std::unique_ptr<io_uring_probe, void (*)(io_uring_probe*)> probe(::io_uring_get_probe_ring(&owned.ring),
                                                                           ::io_uring_free_probe);
    for (const auto& [code, name, use] : opcodes) {
        parts.push_back(
            {.name = name, .use = use, .is_there = probe && ::io_uring_opcode_supported(probe.get(), code) != 0});
    }
    return parts;
}

}  // namespace weft::inline v0
