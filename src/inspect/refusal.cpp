// SPDX-License-Identifier: Apache-2.0
#include "inspect/refusal.hpp"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <optional>
#include <sstream>

namespace weft::inline v0 {

namespace {

/// What /proc/PID/status says of who a process is, and what it may do.
struct rights {
    std::array<unsigned, 3> users{}, groups{};  // real, effective, saved
    std::uint64_t permitted = 0, effective = 0;  // capabilities
};

std::optional<rights> rights_of(const std::string& status) {
    std::ifstream file(status);
    rights r;
    bool any = false;
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string name;
        fields >> name;
        if (name == "Uid:") any = static_cast<bool>(fields >> r.users[0] >> r.users[1] >> r.users[2]);
        if (name == "Gid:") fields >> r.groups[0] >> r.groups[1] >> r.groups[2];
        if (name == "CapPrm:") fields >> std::hex >> r.permitted;
        if (name == "CapEff:") fields >> std::hex >> r.effective;
    }
    return any ? std::optional(r) : std::nullopt;
}

std::string first_line(const std::string& path) {
    std::string line;
    std::ifstream file(path);
    std::getline(file, line);
    return line;
}

bool are_all(const std::array<unsigned, 3>& ids, unsigned id) {
    return std::ranges::all_of(ids, [id](unsigned each) { return each == id; });
}

std::string list(const std::array<unsigned, 3>& ids) {
    return std::to_string(ids[0]) + ", " + std::to_string(ids[1]) + " and " + std::to_string(ids[2]);
}

/// A process that is not dumpable has files in /proc that belong to root.
bool is_dumpable(const std::string& status, const rights& target) {
    struct stat file{};
    return target.users[1] == 0 || ::stat(status.c_str(), &file) != 0 || file.st_uid != 0;
}

/// Whom an unprivileged process is refused for its identity; empty: not for that.
std::string refused_for_who_it_is(const rights& reader, const rights& target, const std::string& status,
                                  const std::string& as_root) {
    if (target.users[0] != reader.users[0] && are_all(target.users, target.users[0])) {
        return "it belongs to another user (uid " + std::to_string(target.users[0]) + "): run this as that user, or " +
               as_root;
    }
    if (!are_all(target.users, reader.users[0]))
        return "it has changed its user (its uids are " + list(target.users) + ", set-user-id): " + as_root;
    if (!are_all(target.groups, reader.groups[0])) {
        return "it belongs to another group (its gids are " + list(target.groups) + "): run this with that group, or " +
               as_root;
    }
    if (!is_dumpable(status, target)) {
        return "it is not dumpable (it said so by prctl PR_SET_DUMPABLE, has changed its user, or its program's file may "
               "not be read or has capabilities; see fs.suid_dumpable): " +
               as_root;
    }
    if (target.permitted & ~reader.permitted)
        return "it has capabilities that this has not (see `getpcaps`): " + as_root;
    return {};
}

}  // namespace

std::string reason_for_refusal(int pid, const std::string& root) {
    const std::string status = root + "/proc/" + std::to_string(pid) + "/status";
    const std::optional<rights> reader = rights_of(root + "/proc/self/status"), target = rights_of(status);
    if (!reader || !target)
        return "/proc does not show whose it is (mounted with hidepid?), so it is another user's: run this as root";
    const std::string scope = first_line(root + "/proc/sys/kernel/yama/ptrace_scope");
    const std::string as_root =
        reader->users[0] == 0 ? "give this CAP_SYS_PTRACE (Docker: --cap-add=SYS_PTRACE)" : "run this as root";
    if (!(reader->effective >> CAP_SYS_PTRACE & 1)) {
        const std::string why = refused_for_who_it_is(*reader, *target, status, as_root);
        if (!why.empty()) return why;
        if (scope == "1" || scope == "2") {
            return "kernel.yama.ptrace_scope is " + scope + ": " + as_root +
                   ", or allow it by `sysctl kernel.yama.ptrace_scope=0`";
        }
    }
    if (scope == "3") return "kernel.yama.ptrace_scope is 3, which nobody may change before the next boot";
    if (first_line(root + "/sys/fs/selinux/booleans/deny_ptrace").starts_with('1'))
        return "SELinux's deny_ptrace is on: allow it by `setsebool deny_ptrace off`";
    return "it is in a user namespace above this one's, or a security module (AppArmor, SELinux, Landlock) forbids it: "
           "run this outside the container or sandbox";
}

bool is_reading_filtered() noexcept {
    std::byte from{}, into{};
    const iovec remote{&from, 1}, local{&into, 1};
    return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) != 1 && (errno == EPERM || errno == ENOSYS);
}

}  // namespace weft::inline v0
