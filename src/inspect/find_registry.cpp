// SPDX-License-Identifier: Apache-2.0
#include "inspect/find_registry.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace weft::inline v0 {

namespace {

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

std::optional<std::uint64_t> registry_of(const target_memory& memory, const mapped_file& f) {
    const auto bias = memory.load_bias(f);
    if (!bias) return std::nullopt;
    const auto header = memory.read<Elf64_Ehdr>(f.begin);
    std::vector<Elf64_Phdr> parts(std::min<std::size_t>(header ? header->e_phnum : 0, most_headers));
    if (parts.empty()) return std::nullopt;
    memory_request all{f.begin + header->e_phoff, std::as_writable_bytes(std::span(parts))};
    memory.read(std::span(&all, 1));
    if (!all.is_read) return std::nullopt;
    for (const Elf64_Phdr& p : parts) {
        if (p.p_type != PT_NOTE || p.p_memsz > most_note_bytes) continue;
        const std::string notes = memory.read_bytes(*bias + p.p_vaddr, p.p_memsz);
        if (const auto head = registry_in_notes(notes, *bias + p.p_vaddr)) return head;
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::uint64_t> find_registries(const target_memory& memory, const std::string& who) {
    std::vector<std::uint64_t> found;
    for (const mapped_file& f : memory.files()) {
        const auto head = registry_of(memory, f);
        if (head && std::ranges::find(found, *head) == found.end()) found.push_back(*head);
    }
    if (found.empty()) throw std::runtime_error(who + ": there is no weft in it");
    return found;
}

}  // namespace weft::inline v0
