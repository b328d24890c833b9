// SPDX-License-Identifier: Apache-2.0
#include "coro/native_function.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>

namespace weft::inline v0 {

namespace {

/// A file, read by looking into it.
class file_view {
public:
    explicit file_view(const char* path) noexcept {
        const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return;
        struct stat status;
        if (::fstat(fd, &status) == 0 && status.st_size > 0) {
            size_ = static_cast<std::size_t>(status.st_size);
            at_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
        }
        ::close(fd);
    }
    file_view(const file_view&) = delete;
    file_view& operator=(const file_view&) = delete;
    ~file_view() {
        if (at_ != MAP_FAILED) ::munmap(at_, size_);
    }

    /// `count` objects, so far into it; empty if they are not all there.
    template <class T>
    std::span<const T> part(std::uint64_t at, std::uint64_t count) const noexcept {
        if (at_ == MAP_FAILED || at % alignof(T) != 0 || at > size_ || count > (size_ - at) / sizeof(T)) return {};
        return {reinterpret_cast<const T*>(static_cast<const std::byte*>(at_) + at), static_cast<std::size_t>(count)};
    }

private:
    void* at_ = MAP_FAILED;
    std::size_t size_ = 0;
};

/// The name, mangled, of the function there: also of one that is not exported, unless the file was stripped.
std::string symbol_in(const char* path, std::uint64_t address) {
    const file_view file(path);
    const auto head = file.part<ElfW(Ehdr)>(0, 1);
    if (head.empty() || std::memcmp(head[0].e_ident, ELFMAG, SELFMAG) != 0) return "";
    const auto sections = file.part<ElfW(Shdr)>(head[0].e_shoff, head[0].e_shnum);
    for (const ElfW(Shdr) & table : sections) {
        if (table.sh_type != SHT_SYMTAB || table.sh_link >= sections.size()) continue;
        const ElfW(Shdr)& names = sections[table.sh_link];
        const auto text = file.part<char>(names.sh_offset, names.sh_size);
        for (const ElfW(Sym) & s : file.part<ElfW(Sym)>(table.sh_offset, table.sh_size / sizeof(ElfW(Sym)))) {
            if (ELF64_ST_TYPE(s.st_info) != STT_FUNC || address < s.st_value || address - s.st_value >= s.st_size)
                continue;
            if (s.st_name >= text.size()) continue;
            return std::string(&text[s.st_name], ::strnlen(&text[s.st_name], text.size() - s.st_name));
        }
    }
    return "";
}

std::string as_written(const char* mangled) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, &status),
                                                           &std::free);
    return name ? readable_function(name.get()) : mangled;
}

}  // namespace

stack_frame native_function(const void* address) {
    Dl_info in = {};
    link_map* map = nullptr;
    if (::dladdr1(address, &in, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0 || !map) {
        char text[32];
        std::snprintf(text, sizeof text, "%p", address);
        return {text, "", 0};
    }
    const std::uint64_t in_file = reinterpret_cast<std::uint64_t>(address) - map->l_addr;
    // The program's own name is not in the list, and what it was started as may be a relative path.
    const bool is_program = !map->l_name || !*map->l_name;
    const std::string symbol = symbol_in(is_program ? "/proc/self/exe" : map->l_name, in_file);
    const std::string file = in.dli_fname ? in.dli_fname : "";
    if (!symbol.empty()) return {as_written(symbol.c_str()), file, 0};
    if (in.dli_sname) return {as_written(in.dli_sname), file, 0};
    char text[32];
    std::snprintf(text, sizeof text, "+0x%llx", static_cast<unsigned long long>(in_file));
    return {file.substr(file.rfind('/') + 1) + text, file, 0};
}

}  // namespace weft::inline v0
