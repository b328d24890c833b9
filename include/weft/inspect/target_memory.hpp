// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
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

/// A file that lies in the memory of a target from its beginning on: a program, a library.
struct mapped_file {
    std::uint64_t begin;
    std::string path;  ///< as it was called when it was mapped
};

/// The memory of another process, or of one that has died and left a core file. What cannot be read is no error: a
/// program goes on while it is looked at, and what was there may be gone.
class target_memory {
public:
    virtual ~target_memory() = default;
    /// Reads as many as can be, in as few system calls as can be.
    virtual void read(std::span<memory_request> all) const = 0;
    /// By where they begin.
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
    /// What is to be subtracted from an address in a file's code to have that of its symbols; empty: it is no ELF file.
    std::optional<std::uint64_t> load_bias(const mapped_file& f) const;
};

/// That of a process that runs. @throws as snapshot_process()
std::unique_ptr<target_memory> memory_of_process(int pid);
/// That of a process that has died. @throws as snapshot_core()
std::unique_ptr<target_memory> memory_of_core(const std::string& core, const std::string& program);

}  // namespace weft::inline v0
