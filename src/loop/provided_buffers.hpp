// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_buffer.hpp"

#include <liburing.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <system_error>

namespace weft::inline v0 {

/// Memory that the kernel shares.
class mapping {
public:
    explicit mapping(std::size_t bytes)
        : memory_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)), bytes_(bytes) {
        if (memory_ == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "io_uring: mmap");
    }
    mapping(const mapping&) = delete;
    mapping& operator=(const mapping&) = delete;
    ~mapping() { ::munmap(memory_, bytes_); }
    void* get() const noexcept { return memory_; }

private:
    void* memory_;
    std::size_t bytes_;
};

/// The buffers that a ring receives into: the kernel takes one for each receive that completes, and gets it, or another in
/// its place, back when its bytes have been looked at. An idle connection has none. There are as many as have been needed
/// at once.
class provided_buffers {
public:
    static constexpr std::uint16_t group = 0;

    explicit provided_buffers(buffer_pool& pool) : pool_(pool), entries_(most * sizeof(io_uring_buf)), staged_(pool) {}
    provided_buffers(const provided_buffers&) = delete;
    provided_buffers& operator=(const provided_buffers&) = delete;
    ~provided_buffers() {
        for (unsigned id = 0; id < count_; ++id) {
            if (blocks_[id]) pool_.release(blocks_[id], bytes);
        }
    }

    /// Gives the first to `ring`, which must not outlive this. @throws std::system_error
    void attach(io_uring& ring) {
        io_uring_buf_reg registration{};
        registration.ring_addr = reinterpret_cast<std::uintptr_t>(entries_.get());
        registration.ring_entries = most;
        registration.bgid = group;
        if (const int error = -::io_uring_register_buf_ring(&ring, &registration, 0)) {
            throw std::system_error(error, std::generic_category(), "io_uring: io_uring_register_buf_ring");
        }
        ::io_uring_buf_ring_init(shared());
        grow();
    }

    /// The kernel has run out of them. @return false: of memory, too, and it has none
    bool grow() noexcept {
        for (unsigned id = 0; id < count_; ++id) {
            if (!blocks_[id]) give(id);
        }
        const unsigned wanted = count_ ? std::min(2 * count_, most) : first;
        while (count_ < wanted) {
            blocks_[count_] = nullptr;
            if (!give(count_)) break;
            ++count_;
        }
        return given_ > 0;
    }

    /// What was received into a buffer, until done_with() it. Its block may be taken.
    byte_buffer& received(unsigned id, std::size_t size) noexcept {
        staged_.adopt({.data = blocks_[id], .capacity = bytes, .begin = 0, .end = size});
        --given_;
        return staged_;
    }
    void done_with(unsigned id) noexcept {
        blocks_[id] = staged_.release().data;
        give(id);
    }

private:
    static constexpr unsigned first = 64, most = 512;  // powers of two; as many receives may complete in one turn
    static constexpr std::size_t bytes = 32 * 1024;  // more than a TLS record

    io_uring_buf_ring* shared() const noexcept { return static_cast<io_uring_buf_ring*>(entries_.get()); }

    bool give(unsigned id) noexcept {
        if (!blocks_[id]) {
            try {
                blocks_[id] = pool_.allocate(bytes);
            } catch (const std::bad_alloc&) {
                return false;  // there is one less, until grow()
            }
        }
        ::io_uring_buf_ring_add(shared(), blocks_[id], bytes, static_cast<unsigned short>(id),
                                ::io_uring_buf_ring_mask(most), 0);
        ::io_uring_buf_ring_advance(shared(), 1);
        ++given_;
        return true;
    }

    buffer_pool& pool_;
    mapping entries_;
    byte_buffer staged_;
    std::byte* blocks_[most] = {};  // null: there was no memory to replace it
    unsigned count_ = 0, given_ = 0;
};

}  // namespace weft::inline v0
