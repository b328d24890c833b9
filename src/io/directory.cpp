// SPDX-License-Identifier: Apache-2.0
#include <weft/exec/to_thread.hpp>
#include <weft/io/directory.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace weft::inline v0 {

namespace {

file_kind kind_of_mode(mode_t mode) noexcept {
    switch (mode & S_IFMT) {
        case S_IFREG: return file_kind::regular;
        case S_IFDIR: return file_kind::directory;
        case S_IFLNK: return file_kind::symbolic_link;
        case S_IFIFO: return file_kind::fifo;
        case S_IFSOCK: return file_kind::socket;
        case S_IFBLK: return file_kind::block_device;
        case S_IFCHR: return file_kind::character_device;
        default: return file_kind::unknown;
    }
}

file_kind kind_of(DIR* d, const dirent& e) noexcept {
    if (e.d_type != DT_UNKNOWN) return kind_of_mode(DTTOIF(e.d_type));
    struct stat s{};  // a file system that says so only when asked
    return ::fstatat(::dirfd(d), e.d_name, &s, AT_SYMLINK_NOFOLLOW) == 0 ? kind_of_mode(s.st_mode) : file_kind::unknown;
}

std::vector<directory_entry> list(const std::string& path) {
    const auto close = [](DIR* d) { ::closedir(d); };
    const std::unique_ptr<DIR, decltype(close)> d(::opendir(path.c_str()), close);
    if (!d) throw std::system_error(errno, std::generic_category(), "list " + path);
    std::vector<directory_entry> entries;
    for (;;) {
        errno = 0;
        const dirent* const e = ::readdir(d.get());
        if (!e && errno != 0) throw std::system_error(errno, std::generic_category(), "list " + path);
        if (!e) return entries;
        const std::string_view name = e->d_name;
        if (name != "." && name != "..") entries.push_back({std::string(name), kind_of(d.get(), *e)});
    }
}

}  // namespace

task<std::vector<directory_entry>> list_directory(std::string path) {
    if (path.contains('\0')) throw std::invalid_argument("list_directory: the path has a NUL in it");
    co_return co_await to_thread(list, std::move(path));
}

}  // namespace weft::inline v0
