// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <liburing.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
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

/// The buffers that a ring receives into: the kernel takes one for each receive that completes, and gets it back when its
/// bytes have been looked at. An idle connection has none.
class provided_buffers {
public:
    static constexpr std::uint16_t group = 0;

    provided_buffers() : memory_(count * bytes), entries_(count * sizeof(io_uring_buf)) {}

    /// Gives them all to `ring`, which must not outlive this. @throws std::system_error
    void attach(io_uring& ring) {
        io_uring_buf_reg registration{};
        registration.ring_addr = reinterpret_cast<std::uintptr_t>(entries_.get());
        registration.ring_entries = count;
        registration.bgid = group;
        if (const int error = -::io_uring_register_buf_ring(&ring, &registration, 0)) {
            throw std::system_error(error, std::generic_category(), "io_uring: io_uring_register_buf_ring");
        }
        ::io_uring_buf_ring_init(shared());
        for (unsigned id = 0; id < count; ++id) give_back(id);
    }

    std::span<const std::byte> received(unsigned id, std::size_t size) const noexcept { return {buffer(id), size}; }

    void give_back(unsigned id) noexcept {
        ::io_uring_buf_ring_add(shared(), buffer(id), bytes, static_cast<unsigned short>(id),
                                ::io_uring_buf_ring_mask(count), 0);
        ::io_uring_buf_ring_advance(shared(), 1);
    }

private:
    static constexpr unsigned count = 512;  // a power of two; as many receives may complete in one turn
    static constexpr std::size_t bytes = 16 * 1024 + 512;  // a whole TLS record; only what is used becomes resident

    io_uring_buf_ring* shared() const noexcept { return static_cast<io_uring_buf_ring*>(entries_.get()); }
    std::byte* buffer(unsigned id) const noexcept {
        return static_cast<std::byte*>(memory_.get()) + std::size_t{id} * bytes;
    }

    mapping memory_, entries_;
};

}  // namespace weft::inline v0
