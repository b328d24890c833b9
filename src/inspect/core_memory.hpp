// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/target_memory.hpp>

#include <memory>
#include <string>

namespace weft::inline v0 {

/// The memory of a process that has died, out of its core file. What a core leaves out because it is in files as well
/// (code, constants) is read there: in the program, and in the libraries if they are where they were.
class core_memory final : public target_memory {
public:
    /// @throws std::system_error  a file cannot be read; std::runtime_error  it is no core file of this kind of machine
    core_memory(const std::string& core, const std::string& program);
    ~core_memory() override;
    using target_memory::read;
    void read(std::span<memory_request> all) const override;
    std::vector<mapped_file> files() const override;

private:
    struct file_view;
    struct segment {
        std::uint64_t begin, size;  // what of it the core holds
        std::uint64_t offset;
    };
    struct mapping {
        std::uint64_t begin, end, offset;
        std::string path;
        std::shared_ptr<file_view> view;  // null: it is not there
    };
    void read_segments();
    void read_file_note(std::uint64_t offset, std::uint64_t size);
    void find_program(const std::string& program);
    bool copy(std::uint64_t address, std::span<std::byte> into) const;

    std::unique_ptr<file_view> core_;
    std::vector<segment> segments_;
    std::vector<mapping> mappings_;
};

}  // namespace weft::inline v0
