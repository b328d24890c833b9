// SPDX-License-Identifier: Apache-2.0
#include "inspect/process_memory.hpp"
#include "inspect/refusal.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

namespace weft::inline v0 {

namespace {

constexpr std::size_t pieces_per_call = 1024;  // IOV_MAX

}  // namespace

process_memory::process_memory(int pid) : pid_(pid) {
    const std::string who = "process " + std::to_string(pid);
    if (pid <= 0 || (::kill(pid, 0) != 0 && errno == ESRCH)) {
        throw std::system_error(ESRCH, std::generic_category(), who);
    }
    std::byte unused{};
    iovec into{&unused, 1}, from{nullptr, 1};  // an address that nobody has: EFAULT is a good answer
    if (::process_vm_readv(pid, &into, 1, &from, 1, 0) >= 0 || errno == EFAULT) return;
    const int error = errno;
    const auto refuse = [&](const std::string& why) {
        throw std::system_error(error, std::generic_category(), "reading the memory of " + who + ": " + why);
    };
    if ((error == EPERM || error == ENOSYS) && is_reading_filtered()) {
        refuse("the kernel has no process_vm_readv for this process: a container's seccomp profile forbids it (Docker: "
               "--cap-add=SYS_PTRACE), or it was built without");
    }
    if (error == EPERM) refuse(reason_for_refusal(pid));
    throw std::system_error(error, std::generic_category(), who);
}

void process_memory::read(std::span<memory_request> all) const {
    constexpr std::uint64_t page_mask = ~std::uint64_t(4095);
    iovec into[pieces_per_call], from[pieces_per_call];
    for (; !all.empty(); all = all.subspan(std::min(pieces_per_call, all.size()))) {
        const std::size_t count = std::min(pieces_per_call, all.size());
        for (std::size_t i = 0; i < count; ++i) {
            into[i] = {all[i].into.data(), all[i].into.size()};
            from[i] = {reinterpret_cast<void*>(all[i].address), all[i].into.size()};
        }
        for (std::size_t next = 0; next < count;) {
            const ssize_t got = ::process_vm_readv(pid_, into + next, count - next, from + next, count - next, 0);
            std::size_t left = got < 0 ? 0 : static_cast<std::size_t>(got);
            while (next < count && left >= all[next].into.size()) {
                left -= all[next].into.size();
                all[next++].is_read = true;
            }
            if (next == count) break;
            // That one cannot be read, nor those behind it that begin in the same page.
            const std::uint64_t lost = all[next].address & page_mask;
            do ++next;
            while (next < count && (all[next].address & page_mask) == lost);
        }
    }
}

std::vector<mapped_file> process_memory::files() const {
    // 55d0c0000000-55d0c0001000 r--p 00000000 fe:01 1234   /usr/bin/server
    std::vector<mapped_file> found;
    std::ifstream maps("/proc/" + std::to_string(pid_) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        std::istringstream fields(line);
        std::string range, permissions, offset, device, inode, path;
        fields >> range >> permissions >> offset >> device >> inode;
        std::getline(fields >> std::ws, path);
        if (inode == "0" || permissions.empty() || permissions[0] != 'r' ||
            offset.find_first_not_of('0') != std::string::npos)
            continue;
        found.push_back({std::stoull(range, nullptr, 16), path});
    }
    return found;
}

bool process_memory::write(std::uint64_t address, std::uint64_t word) const noexcept {
    iovec from{&word, sizeof word}, into{reinterpret_cast<void*>(address), sizeof word};
    return ::process_vm_writev(pid_, &from, 1, &into, 1, 0) == sizeof word;
}

}  // namespace weft::inline v0
