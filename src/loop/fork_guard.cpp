// SPDX-License-Identifier: Apache-2.0
#include "loop/fork_guard.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace weft::inline v0 {

namespace {
std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }
}  // namespace

fork_guard::fork_guard() {
    void* page = ::mmap(nullptr, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "event loop: mmap");
    if (::madvise(page, page_bytes(), MADV_WIPEONFORK) != 0) {
        const int error = errno;
        ::munmap(page, page_bytes());
        throw std::system_error(error, std::generic_category(), "event loop: madvise(MADV_WIPEONFORK)");
    }
    mark_ = static_cast<volatile char*>(page);
    *mark_ = 1;
}

fork_guard::~fork_guard() { ::munmap(const_cast<char*>(mark_), page_bytes()); }

}  // namespace weft::inline v0
