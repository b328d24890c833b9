// SPDX-License-Identifier: Apache-2.0
#include "coro/symbol_tables.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace weft::inline v0 {

namespace {

/// A file, read by looking into it.
class file_view {
public:
    explicit file_view(const char* path) noexcept {
        const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return;
        if (::fstat(fd, &status_) == 0 && status_.st_size > 0) {
            size_ = static_cast<std::size_t>(status_.st_size);
            at_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
        }
        ::close(fd);
    }
    file_view(const file_view&) = delete;
    file_view& operator=(const file_view&) = delete;
    ~file_view() {
        if (at_ != MAP_FAILED) ::munmap(at_, size_);
    }

    /// What is there under that name now is what this looks into. What cannot be looked into is nothing else.
    bool is_still(const char* path) const noexcept {
        struct stat now = {};
        (void)::stat(path, &now);
        return now.st_dev == status_.st_dev && now.st_ino == status_.st_ino && now.st_size == status_.st_size &&
               now.st_mtim.tv_sec == status_.st_mtim.tv_sec && now.st_mtim.tv_nsec == status_.st_mtim.tv_nsec;
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
    struct stat status_ = {};
};

}  // namespace

/// Of one file. The names stay where they are, in the file.
class symbol_tables::table {
public:
    explicit table(const char* path) : file_(path) {
        const auto head = file_.part<ElfW(Ehdr)>(0, 1);
        if (head.empty() || std::memcmp(head[0].e_ident, ELFMAG, SELFMAG) != 0) return;
        const auto sections = file_.part<ElfW(Shdr)>(head[0].e_shoff, head[0].e_shnum);
        const auto symbols = std::ranges::find(sections, ElfW(Word){SHT_SYMTAB}, &ElfW(Shdr)::sh_type);
        if (symbols == sections.end() || symbols->sh_link >= sections.size()) return;
        const ElfW(Shdr)& names = sections[symbols->sh_link];
        names_ = file_.part<char>(names.sh_offset, names.sh_size);
        for (const ElfW(Sym) & s : file_.part<ElfW(Sym)>(symbols->sh_offset, symbols->sh_size / sizeof(ElfW(Sym)))) {
            if (ELF64_ST_TYPE(s.st_info) == STT_FUNC && s.st_size > 0 && s.st_name < names_.size())
                functions_.push_back({s.st_value, static_cast<std::uint32_t>(s.st_size), s.st_name});
        }
        functions_.shrink_to_fit();
        std::ranges::sort(functions_, {}, [](const function& f) { return std::pair(f.begin, f.name); });
    }

    bool is_still(const char* path) const noexcept { return file_.is_still(path); }

    std::string name_of(std::uint64_t address) const {
        const auto after = std::ranges::upper_bound(functions_, address, {}, &function::begin);
        // What was written in assembly may lie within another.
        constexpr std::ptrdiff_t most_that_overlap = 16;
        const auto first = after - std::min(most_that_overlap, after - functions_.begin());
        for (auto f = after; f != first;) {
            if (--f; address - f->begin < f->size)
                return std::string(&names_[f->name], ::strnlen(&names_[f->name], names_.size() - f->name));
        }
        return "";
    }

private:
    struct function {
        std::uint64_t begin;
        std::uint32_t size, name;
    };

    const file_view file_;
    std::span<const char> names_;
    std::vector<function> functions_;
};

symbol_tables::symbol_tables() = default;
symbol_tables::~symbol_tables() = default;

symbol_tables& symbol_tables::instance() {
    static symbol_tables* const those = new symbol_tables;  // never destroyed: reports are made until the very end
    return *those;
}

std::string symbol_tables::name_of(const char* path, std::uint64_t address) {
    const std::lock_guard lock(mutex_);
    auto found = files_.find(path);
    if (found != files_.end() && !found->second->is_still(path)) found = (files_.erase(found), files_.end());
    if (found == files_.end()) {
        if (files_.size() == most_files) files_.clear();
        found = files_.try_emplace(path, std::make_unique<table>(path)).first;
    }
    return found->second->name_of(address);
}

}  // namespace weft::inline v0
