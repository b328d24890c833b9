// SPDX-License-Identifier: Apache-2.0
#include "inspect/process_memory.hpp"
#include "inspect/refusal.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <sstream>
#include <system_error>

namespace weft::inline v0 {

namespace {

constexpr std::size_t pieces_per_call = 1024;  // IOV_MAX
constexpr std::size_t bytes_per_call = 1 << 20;
constexpr std::uint64_t segment_bytes = 4096;

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

/// Many requests are for what lies together: a task beside a task. What is near is read as one segment, for a call costs the kernel
/// far more for each segment than for the bytes between them.
void process_memory::read(std::span<memory_request> all) const {
    std::vector<std::uint32_t> order(all.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return all[i].address; });
    std::vector<segment> segments;
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const memory_request& r = all[order[i]];
        const bool is_near =
            !segments.empty() && r.address - segments.back().address < segment_bytes && r.into.size() <= segment_bytes;
        if (!is_near) segments.push_back({.address = r.address, .size = 0, .first = i, .count = 0});
        segment& s = segments.back();
        s.size = std::max(s.size, static_cast<std::size_t>(r.address - s.address) + r.into.size());
        ++s.count;
    }
    for (std::span<segment> left = segments; !left.empty();) {
        std::size_t count = 0, size = 0;
        do size += left[count++].size;
        while (count < left.size() && count < pieces_per_call && size + left[count].size <= bytes_per_call);
        bytes.resize(size);
        read_segments(left.first(count), bytes, all, order);
        left = left.subspan(count);
    }
}

/// Reads segments, and gives each request its part. Of what cannot be read whole each request is read alone.
void process_memory::read_segments(std::span<const segment> segments, std::span<std::byte> bytes,
                                   std::span<memory_request> all, std::span<const std::uint32_t> order) const {
    iovec into[pieces_per_call], from[pieces_per_call];
    for (std::size_t i = 0, at = 0; i < segments.size(); at += segments[i++].size) {
        into[i] = {bytes.data() + at, segments[i].size};
        from[i] = {reinterpret_cast<void*>(segments[i].address), segments[i].size};
    }
    for (std::size_t next = 0; next < segments.size();) {
        const std::size_t count = segments.size() - next;
        const ssize_t got = ::process_vm_readv(pid_, into + next, count, from + next, count, 0);
        std::size_t left = got < 0 ? 0 : static_cast<std::size_t>(got);
        for (; next < segments.size() && left >= segments[next].size; left -= segments[next++].size) {
            const segment& s = segments[next];
            for (std::size_t i = s.first; i < s.first + s.count; ++i) {
                memory_request& r = all[order[i]];
                std::memcpy(r.into.data(), static_cast<std::byte*>(into[next].iov_base) + (r.address - s.address),
                            r.into.size());
                r.is_read = true;
            }
        }
        if (next == segments.size()) return;
        const segment& lost = segments[next++];
        std::optional<std::uint64_t> page;  // that cannot be read, nor can what begins in it behind that
        for (std::size_t i = lost.first; i < lost.first + lost.count; ++i) {
            memory_request& r = all[order[i]];
            if (page == r.address / 4096) continue;
            iovec one_into{r.into.data(), r.into.size()}, one_from{reinterpret_cast<void*>(r.address), r.into.size()};
            r.is_read = ::process_vm_readv(pid_, &one_into, 1, &one_from, 1, 0) == static_cast<ssize_t>(r.into.size());
            if (!r.is_read) page = r.address / 4096;
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
