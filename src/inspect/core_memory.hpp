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
    /// @throws std::system_error  a file cannot be read;
    ///         std::runtime_error  it is no core file of this kind of machine, or of another program
    core_memory(const std::string& core, const std::string& program);
    ~core_memory() override;
    using target_memory::read;
    void read(std::span<memory_request> all) const override;
    std::vector<mapped_file> files() const override;
    /// A sentence without a full stop; empty: nothing is.
    std::string what_is_missing() const;

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
    void read_notes(std::uint64_t offset, std::uint64_t size);
    void read_file_note(std::uint64_t content, std::uint64_t end);
    void read_auxiliary_vector(std::uint64_t content, std::uint64_t end);
    std::string path_at(std::uint64_t address) const;
    bool fits(const file_view& program) const;
    std::string path_of_program(const std::string& program, const file_view& view) const;
    void find_program(const std::string& program);
    bool copy(std::uint64_t address, std::span<std::byte> into) const;

    std::unique_ptr<file_view> core_;
    std::vector<segment> segments_;
    std::vector<mapping> mappings_;
    std::uint64_t headers_at_ = 0, entry_at_ = 0;  // of the program, as the kernel began it; 0: the core does not say
    std::uint64_t whole_size_ = 0;  // of the core, if nothing of it is missing
    bool has_written_memory_ = false;
};

}  // namespace weft::inline v0
