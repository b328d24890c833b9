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
#include <map>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

/// A file as memory.
struct core_memory::file_view {
    explicit file_view(const std::string& path) {
        const unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        struct stat status{};
        if (!fd || ::fstat(fd.get(), &status) != 0) throw std::system_error(errno, std::generic_category(), path);
        if (!S_ISREG(status.st_mode)) throw std::runtime_error(path + ": it is no regular file");
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
        if (p.p_type == PT_LOAD && p.p_filesz > 0) segments_.push_back({p.p_vaddr, p.p_filesz, p.p_offset});
        if (p.p_type == PT_NOTE) read_file_note(p.p_offset, p.p_filesz);
    }
    std::ranges::sort(segments_, {}, &segment::begin);
}

/// NT_FILE: which files lay where. How many, the size of a page; of each begin, end, offset in pages; then the names.
void core_memory::read_file_note(std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t end = std::min<std::uint64_t>(offset + size, core_->size);
    const auto padded = [](std::uint64_t n) { return (n + 3) & ~std::uint64_t(3); };
    while (true) {
        Elf64_Nhdr note{};
        if (offset >= end || !core_->get(offset, note)) return;
        const std::uint64_t content = offset + sizeof note + padded(note.n_namesz);
        offset = content + padded(note.n_descsz);
        if (note.n_type != NT_FILE || offset > end) continue;
        std::uint64_t head[2] = {};
        core_->get(content, head);
        std::uint64_t name = content + sizeof head + head[0] * 3 * sizeof(std::uint64_t);
        for (std::uint64_t i = 0; i < head[0] && name < offset; ++i) {
            std::uint64_t range[3] = {};
            if (!core_->get(content + sizeof head + i * sizeof range, range)) return;
            const char* const text = reinterpret_cast<const char*>(core_->bytes + name);
            const std::string path(text, ::strnlen(text, offset - name));
            mappings_.push_back({range[0], range[1], range[2] * head[1], path, nullptr});
            name += path.size() + 1;
        }
    }
}

/// Opens what lay in the memory, the program itself where it is now.
void core_memory::find_program(const std::string& program) {
    const auto own = std::make_shared<file_view>(program);
    if (mappings_.empty()) return;
    // The program is what lies lowest, as the kernel places it (unless `ulimit -s unlimited` has it place libraries first).
    const std::string own_path = mappings_.front().path;
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
