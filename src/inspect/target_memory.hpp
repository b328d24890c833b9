// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace weft::inline v0 {

/// Where something is to be copied from, and whether it could be.
struct memory_request {
    std::uint64_t address;
    std::span<std::byte> into;
    bool is_read = false;
};

/// A file that lies in the memory of a target: from `begin`, and as a program has it, its headers there as well.
struct mapped_file {
    std::uint64_t begin;
    std::string path;
};

/// The memory of another process, or of one that has died and left a core file. What cannot be read is no error: a
/// program goes on while it is looked at, and what was there may be gone.
class target_memory {
public:
    virtual ~target_memory() = default;
    /// Reads as many as can be, in as few system calls as can be.
    virtual void read(std::span<memory_request> all) const = 0;
    virtual std::vector<mapped_file> files() const = 0;

    template <class T>
        requires std::is_trivially_copyable_v<T>
    std::optional<T> read(std::uint64_t address) const {
        T value;
        memory_request one{address, std::as_writable_bytes(std::span(&value, 1))};
        read(std::span(&one, 1));
        if (!one.is_read) return std::nullopt;
        return value;
    }
    /// Characters up to a zero, at most `limit`; what cannot be read ends it as well.
    std::string read_text(std::uint64_t address, std::size_t limit = 4096) const;
    /// @return empty if not all of it can be read
    std::string read_bytes(std::uint64_t address, std::size_t count) const;
};

}  // namespace weft::inline v0
