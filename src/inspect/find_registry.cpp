// SPDX-License-Identifier: Apache-2.0
#include "inspect/find_registry.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace weft::inline v0 {

namespace {

constexpr std::uint64_t page_mask = ~std::uint64_t(4095);
constexpr std::size_t most_headers = 256, most_note_bytes = 1 << 16;

/// The note's content is the distance from itself to the registry's head.
std::optional<std::uint64_t> registry_in_notes(const std::string& notes, std::uint64_t address) {
    const auto padded = [](std::size_t n) { return (n + 3) & ~std::size_t(3); };
    for (std::size_t at = 0; at + sizeof(Elf64_Nhdr) <= notes.size();) {
        Elf64_Nhdr note{};
        std::memcpy(&note, notes.data() + at, sizeof note);
        const std::size_t name = at + sizeof note;
        const std::size_t content = name + padded(note.n_namesz);
        at = content + padded(note.n_descsz);
        std::uint64_t distance = 0;
        if (at > notes.size() || note.n_type != 1 || note.n_descsz != sizeof distance ||
            std::string_view(notes).substr(name, note.n_namesz) != std::string_view("weft\0", 5))
            continue;
        std::memcpy(&distance, notes.data() + content, sizeof distance);
        return address + content + distance;
    }
    return std::nullopt;
}

/// @param begin  where the file's beginning lies in memory
std::optional<std::uint64_t> registry_of(const target_memory& memory, std::uint64_t begin) {
    const auto header = memory.read<Elf64_Ehdr>(begin);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64)
        return std::nullopt;
    std::vector<Elf64_Phdr> parts(std::min<std::size_t>(header->e_phnum, most_headers));
    memory_request all{begin + header->e_phoff, std::as_writable_bytes(std::span(parts))};
    memory.read(std::span(&all, 1));
    if (!all.is_read) return std::nullopt;
    const auto first =
        std::ranges::find_if(parts, [](const Elf64_Phdr& p) { return p.p_type == PT_LOAD && p.p_offset == 0; });
    if (first == parts.end()) return std::nullopt;
    const std::uint64_t bias = begin - (first->p_vaddr & page_mask);
    for (const Elf64_Phdr& p : parts) {
        if (p.p_type != PT_NOTE || p.p_memsz > most_note_bytes) continue;
        const std::string notes = memory.read_bytes(bias + p.p_vaddr, p.p_memsz);
        if (const auto head = registry_in_notes(notes, bias + p.p_vaddr)) return head;
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::uint64_t> find_registries(const target_memory& memory, const std::string& who) {
    std::vector<std::uint64_t> found;
    for (const mapped_file& f : memory.files()) {
        if (const auto head = registry_of(memory, f.begin)) found.push_back(*head);
    }
    if (found.empty()) throw std::runtime_error(who + ": there is no weft in it");
    return found;
}

}  // namespace weft::inline v0
