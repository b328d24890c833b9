// SPDX-License-Identifier: Apache-2.0
#include "inspect/core_memory.hpp"
#include "inspect/process_memory.hpp"

#include <weft/inspect/target_memory.hpp>

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace weft::inline v0 {

std::string target_memory::read_text(std::uint64_t address, std::size_t limit) const {
    constexpr std::size_t page = 4096;
    std::string text;
    while (text.size() < limit) {
        // Up to the end of a page: what lies behind it may not be there.
        const std::size_t left_in_page = page - static_cast<std::size_t>((address + text.size()) % page);
        const std::string piece =
            read_bytes(address + text.size(), std::min({left_in_page, limit - text.size(), page / 16}));
        const std::size_t end = piece.find('\0');
        text += piece.substr(0, end);
        if (piece.empty() || end != std::string::npos) break;
    }
    return text;
}

std::string target_memory::read_bytes(std::uint64_t address, std::size_t count) const {
    std::string bytes(count, '\0');
    memory_request one{address, std::as_writable_bytes(std::span(bytes))};
    read(std::span(&one, 1));
    return one.is_read ? bytes : std::string();
}

std::optional<std::uint64_t> target_memory::load_bias(const mapped_file& f) const {
    const auto header = read<Elf64_Ehdr>(f.begin);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64)
        return std::nullopt;
    constexpr std::size_t most_parts = 256;
    for (std::size_t i = 0; i < std::min<std::size_t>(header->e_phnum, most_parts); ++i) {
        const auto part = read<Elf64_Phdr>(f.begin + header->e_phoff + i * sizeof(Elf64_Phdr));
        if (part && part->p_type == PT_LOAD && part->p_offset == 0)
            return f.begin - (part->p_vaddr & ~std::uint64_t(4095));
    }
    return std::nullopt;
}

std::unique_ptr<target_memory> memory_of_process(int pid) { return std::make_unique<process_memory>(pid); }
std::unique_ptr<target_memory> memory_of_core(const std::string& core, const std::string& program) {
    return std::make_unique<core_memory>(core, program);
}

}  // namespace weft::inline v0
