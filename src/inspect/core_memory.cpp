// SPDX-License-Identifier: Apache-2.0
#include "inspect/core_memory.hpp"

#include <weft/base/unique_fd.hpp>

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

/// A file as memory.
struct core_memory::file_view {
    explicit file_view(const std::string& path) {
        // Asked before it is opened: a core file may name a device, and opening one may do something.
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) throw std::system_error(errno, std::generic_category(), path);
        if (!S_ISREG(status.st_mode)) throw std::runtime_error(path + ": it is no regular file");
        const unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (!fd || ::fstat(fd.get(), &status) != 0) throw std::system_error(errno, std::generic_category(), path);
        size = static_cast<std::size_t>(status.st_size);
        if (size == 0) throw std::runtime_error(path + ": the file is empty");
        void* const at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
        if (at == MAP_FAILED) throw std::system_error(errno, std::generic_category(), path);
        bytes = static_cast<const std::byte*>(at);
    }
    file_view(const file_view&) = delete;
    file_view& operator=(const file_view&) = delete;
    ~file_view() { ::munmap(const_cast<std::byte*>(bytes), size); }

    template <class T>
    bool get(std::uint64_t offset, T& value) const {
        if (offset > size || size - offset < sizeof value) return false;
        std::memcpy(&value, bytes + offset, sizeof value);
        return true;
    }
    const std::byte* bytes;
    std::size_t size;
};

core_memory::core_memory(const std::string& core, const std::string& program)
    : core_(std::make_unique<file_view>(core)) {
    Elf64_Ehdr header{};
    if (!core_->get(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_CORE)
        throw std::runtime_error(core + ": it is no core file of a 64-bit program");
    read_segments();
    if (!has_written_memory_) {
        throw std::runtime_error(core + ": it holds nothing that the program has written: /proc/PID/coredump_filter "
                                        "was without 0x1, private memory (see core(5))");
    }
    find_program(program);
}

core_memory::~core_memory() = default;

void core_memory::read_segments() {
    Elf64_Ehdr header{};
    core_->get(0, header);
    std::uint64_t count = header.e_phnum;
    if (Elf64_Shdr first{}; count == PN_XNUM && core_->get(header.e_shoff, first)) count = first.sh_info;
    for (std::uint64_t i = 0; i < count; ++i) {
        Elf64_Phdr p{};
        if (!core_->get(header.e_phoff + i * sizeof p, p)) break;
        if (p.p_type == PT_LOAD && p.p_filesz > 0) {
            segments_.push_back({p.p_vaddr, p.p_filesz, p.p_offset});
            has_written_memory_ = has_written_memory_ || (p.p_flags & PF_W);
            whole_size_ = std::max(whole_size_, p.p_offset + p.p_filesz);
        }
        if (p.p_type == PT_NOTE) read_notes(p.p_offset, p.p_filesz);
    }
    std::ranges::sort(segments_, {}, &segment::begin);
}

void core_memory::read_notes(std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t end = std::min<std::uint64_t>(offset + size, core_->size);
    const auto padded = [](std::uint64_t n) { return (n + 3) & ~std::uint64_t(3); };
    Elf64_Nhdr note{};
    while (offset < end && core_->get(offset, note)) {
        const std::uint64_t content = offset + sizeof note + padded(note.n_namesz);
        offset = content + padded(note.n_descsz);
        if (offset > end) return;
        if (note.n_type == NT_FILE && mappings_.empty()) read_file_note(content, offset);
        if (note.n_type == NT_AUXV) read_auxiliary_vector(content, offset);
    }
}

/// NT_FILE: which files lay where. How many, the size of a page; of each begin, end, offset in pages; then the names.
void core_memory::read_file_note(std::uint64_t content, std::uint64_t end) {
    std::uint64_t head[2] = {};
    core_->get(content, head);
    std::uint64_t name = content + sizeof head + head[0] * 3 * sizeof(std::uint64_t);
    for (std::uint64_t i = 0; i < head[0] && name < end; ++i) {
        std::uint64_t range[3] = {};
        if (!core_->get(content + sizeof head + i * sizeof range, range)) return;
        const char* const text = reinterpret_cast<const char*>(core_->bytes + name);
        const std::string path(text, ::strnlen(text, end - name));
        mappings_.push_back({range[0], range[1], range[2] * head[1], path, nullptr});
        name += path.size() + 1;
    }
}

/// NT_AUXV: what the kernel told the program when it began, among it where its headers and its first instruction are.
void core_memory::read_auxiliary_vector(std::uint64_t content, std::uint64_t end) {
    for (Elf64_auxv_t each{}; content < end && core_->get(content, each); content += sizeof each) {
        if (each.a_type == AT_PHDR) headers_at_ = each.a_un.a_val;
        if (each.a_type == AT_ENTRY) entry_at_ = each.a_un.a_val;
    }
}

/// The file that lay there; empty: none did.
std::string core_memory::path_at(std::uint64_t address) const {
    const auto found =
        std::ranges::find_if(mappings_, [&](const mapping& m) { return m.begin <= address && address < m.end; });
    return found == mappings_.end() ? std::string() : found->path;
}

/// Whether from the headers to the first instruction it is as far in that file as it was in the memory.
bool core_memory::fits(const file_view& program) const {
    Elf64_Ehdr header{};
    if (!program.get(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
    for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr p{};
        if (!program.get(header.e_phoff + i * sizeof p, p)) return false;
        if (p.p_type == PT_LOAD && p.p_offset <= header.e_phoff && header.e_phoff - p.p_offset < p.p_filesz)
            return entry_at_ - headers_at_ == header.e_entry - (p.p_vaddr + (header.e_phoff - p.p_offset));
    }
    return false;
}

/// As which of the files the program lay in the memory.
std::string core_memory::path_of_program(const std::string& program, const file_view& view) const {
    // A core without this vector is not the kernel's, nor gdb's. The program lies lowest then, as is usual.
    const std::string began = entry_at_ ? path_at(entry_at_) : mappings_.front().path;
    if (!entry_at_ || !headers_at_ || (!began.empty() && fits(view))) return began;
    // Begun by `ld.so PROGRAM`, what the kernel began was ld.so.
    std::error_code ignored;
    const std::string path = std::filesystem::canonical(program, ignored).string();
    if (std::ranges::find(mappings_, path, &mapping::path) != mappings_.end()) return path;
    throw std::runtime_error(program + ": it is not the program that left this core file" +
                             (began.empty() ? "" : ", which was " + began));
}

/// Opens what lay in the memory, the program itself where it is now.
void core_memory::find_program(const std::string& program) {
    const auto own = std::make_shared<file_view>(program);
    if (mappings_.empty()) return;
    const std::string own_path = path_of_program(program, *own);
    std::map<std::string, std::shared_ptr<file_view>> opened{{own_path, own}};
    for (mapping& m : mappings_) {
        const auto [at, is_new] = opened.try_emplace(m.path);
        if (is_new) {
            try {
                at->second = std::make_shared<file_view>(m.path);
            } catch (const std::exception&) {  // a library that is not here: what the core has of it must do
            }
        }
        m.view = at->second;
        if (m.path == own_path) m.path = program;  // where it is now
    }
}

std::string core_memory::what_is_missing() const {
    if (core_->size >= whole_size_) return {};
    return "the core file was cut short (by ulimit -c, or a full disk): of its " + std::to_string(whole_size_) +
           " bytes " + std::to_string(whole_size_ - core_->size) + " are missing";
}

bool core_memory::copy(std::uint64_t address, std::span<std::byte> into) const {
    while (!into.empty()) {
        std::size_t count = 0;
        const auto after = std::ranges::upper_bound(segments_, address, {}, &segment::begin);
        if (after != segments_.begin() && address - std::prev(after)->begin < std::prev(after)->size) {
            const segment& s = *std::prev(after);
            const std::uint64_t at = s.offset + (address - s.begin);
            if (at >= core_->size) return false;  // the core was cut short
            count = static_cast<std::size_t>(
                std::min<std::uint64_t>({into.size(), s.size - (address - s.begin), core_->size - at}));
            std::memcpy(into.data(), core_->bytes + at, count);
        } else {
            const auto m = std::ranges::find_if(
                mappings_, [&](const mapping& each) { return each.begin <= address && address < each.end; });
            if (m == mappings_.end() || !m->view) return false;
            const std::uint64_t at = m->offset + (address - m->begin);
            if (at >= m->view->size) return false;
            count =
                static_cast<std::size_t>(std::min<std::uint64_t>({into.size(), m->end - address, m->view->size - at}));
            std::memcpy(into.data(), m->view->bytes + at, count);
        }
        into = into.subspan(count);
        address += count;
    }
    return true;
}

void core_memory::read(std::span<memory_request> all) const {
    for (memory_request& r : all) r.is_read = copy(r.address, r.into);
}

std::vector<mapped_file> core_memory::files() const {
    std::vector<mapped_file> found;
    for (const mapping& m : mappings_) {
        if (m.offset == 0) found.push_back({m.begin, m.path});
    }
    return found;
}

}  // namespace weft::inline v0
