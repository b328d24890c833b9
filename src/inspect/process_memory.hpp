// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/target_memory.hpp>

namespace weft::inline v0 {

/// That of a process that runs: by process_vm_readv(2), which neither stops it nor asks it.
class process_memory final : public target_memory {
public:
    /// @throws std::system_error  there is no such process, or the kernel does not allow it, and what says so
    explicit process_memory(int pid);
    using target_memory::read;
    void read(std::span<memory_request> all) const override;
    std::vector<mapped_file> files() const override;
    /// Writes one word. @return false: it cannot be written
    bool write(std::uint64_t address, std::uint64_t word) const noexcept;

private:
    /// Memory that holds what some requests are for: those from the `first` of them in the order of addresses on.
    struct segment {
        std::uint64_t address;
        std::size_t size, first, count;
    };
    void read_segments(std::span<const segment> segments, std::span<std::byte> bytes, std::span<memory_request> all,
                       std::span<const std::uint32_t> order) const;
    int pid_;
};

}  // namespace weft::inline v0
