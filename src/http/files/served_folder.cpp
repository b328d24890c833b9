// SPDX-License-Identifier: Apache-2.0
#include "http/files/served_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace weft::inline v0::http {

served_folder::served_folder(const std::string& path) : root_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (!root_) throw std::system_error(errno, std::generic_category(), "http::static_files: open '" + path + "'");
}

unique_fd served_folder::open_beneath(const std::string& path, int flags, int& error) const {
    open_how how{};
    // Not to wait for the other end of a pipe, should there be one among the files.
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    const char* const name = path.empty() ? "." : path.c_str();
    long fd = -1;
    do {  // EAGAIN: something was renamed meanwhile, and the kernel cannot tell whether the path leads out
        fd = ::syscall(SYS_openat2, root_.get(), name, &how, sizeof how);
    } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    error = fd < 0 ? errno : 0;
    return unique_fd(static_cast<int>(fd));
}

served_folder::found served_folder::open(const std::string& path) const {
    int error = 0;
    unique_fd fd = open_beneath(path, O_RDONLY, error);
    switch (error) {
        case 0: break;
        case EACCES:
        case EPERM: return {kind::forbidden};
        case ENOENT:
        case ENOTDIR:
        case ELOOP:  // a link to itself
        case EXDEV:  // it leads out
        case ENXIO:  // a socket
        case ENAMETOOLONG: return {kind::nothing};
        default: throw std::system_error(error, std::generic_category(), "http::static_files: open '" + path + "'");
    }
    struct stat s{};
    if (::fstat(fd.get(), &s) != 0)
        throw std::system_error(errno, std::generic_category(), "http::static_files: fstat");
    if (S_ISDIR(s.st_mode)) return {kind::folder};
    if (!S_ISREG(s.st_mode)) return {kind::nothing};
    const auto modified = std::chrono::seconds(s.st_mtim.tv_sec) + std::chrono::nanoseconds(s.st_mtim.tv_nsec);
    return {kind::file,
            {.fd = std::move(fd),
             .size = static_cast<std::uint64_t>(s.st_size),
             .modified = std::chrono::sys_time<std::chrono::nanoseconds>(modified)}};
}

std::vector<std::string> served_folder::list(const std::string& path) const {
    int error = 0;
    unique_fd fd = open_beneath(path, O_RDONLY | O_DIRECTORY, error);
    const auto fail = [&] {
        throw std::system_error(error ? error : errno, std::generic_category(),
                                "http::static_files: read '" + path + "'");
    };
    if (!fd) fail();
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(fd.get()), ::closedir);
    if (!folder) fail();
    static_cast<void>(fd.release());  // it is the folder's now
    std::vector<std::string> names;
    while (const dirent* const entry = ::readdir(folder.get())) {
        std::string name = entry->d_name;
        if (name.starts_with('.')) continue;
        if (entry->d_type == DT_DIR) name += '/';
        names.push_back(std::move(name));
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace weft::inline v0::http
