// SPDX-License-Identifier: Apache-2.0
// `weft doctor`: what this machine gives, what weft makes of it, and what to do about what limits it.
#include "weft/commands.hpp"
#include "weft/findings.hpp"

#include <weft/inspect/backend_report.hpp>
#include <weft/inspect/build_report.hpp>
#include <weft/inspect/json_string.hpp>

#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

constexpr std::uint64_t enough_descriptors = 10'000, enough_pending_connections = 1024;

/// The first line of a file below /proc/sys; nothing if this kernel has no such setting.
std::optional<std::string> setting(const std::string& name) {
    std::ifstream file("/proc/sys/" + name);
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    return line;
}
std::optional<std::uint64_t> number_setting(const std::string& name) {
    const auto text = setting(name);
    if (!text) return std::nullopt;
    return std::strtoull(text->c_str(), nullptr, 10);
}

std::string amount(std::uint64_t n) { return n == RLIM_INFINITY ? "unlimited" : std::to_string(n); }

/// A limit of this process: what it is, and what it may be raised to.
struct process_limit {
    explicit process_limit(decltype(RLIMIT_NOFILE) which) {
        rlimit r{};
        ::getrlimit(which, &r);
        soft = r.rlim_cur;
        hard = r.rlim_max;
    }
    finding as_finding(std::string name, const std::string& unit = "") const {
        finding f = finding::of_text("limits", std::move(name), amount(soft));
        if (soft != RLIM_INFINITY) {
            f.json = f.text;
            f.text += unit;
        }
        if (soft < hard) f.text += ", can be raised to " + amount(hard);
        return f;
    }
    std::uint64_t soft, hard;
};

std::string how_to_get_io_uring(int error) {
    const auto disabled = number_setting("kernel/io_uring_disabled").value_or(0);
    if (error == EPERM && disabled == 2) return "sysctl -w kernel.io_uring_disabled=0";
    if (error == EPERM && disabled == 1)
        return "sysctl -w kernel.io_uring_disabled=0, or join the group of kernel.io_uring_group";
    if (error == EPERM || error == EACCES)
        return "the seccomp profile of the container or service forbids it: allow io_uring_setup, io_uring_enter and "
               "io_uring_register (docker run --security-opt seccomp=PROFILE)";
    if (error == ENOMEM) return "raise the limit of locked memory: ulimit -l unlimited; of a service: LimitMEMLOCK=";
    if (error == EMFILE || error == ENFILE) return "raise the limit of open files: ulimit -n";
    if (error == ENOSYS && !weft::report_build().has_io_uring)
        return "build weft with -DWEFT_WITH_IO_URING=ON, which needs liburing";
    return "a kernel from Linux 6.1 on, with CONFIG_IO_URING, has it";
}

class examination {
public:
    std::vector<finding> findings;

    void build() {
        const weft::build_report b = weft::report_build();
        add(finding::of_text("weft", "version", b.version));
        add(finding::of_text("weft", "compiler", b.compiler));
        add(finding::of_text("weft", "standard library", b.standard_library));
        add(finding::of_flag("weft", "optimised", b.is_optimised), b.is_optimised ? "" : "it is slow",
            "build weft with -DCMAKE_BUILD_TYPE=Release");
        if (!b.sanitizers.empty()) {
            add(finding::of_text("weft", "sanitizers", b.sanitizers), "it is slow", "build weft without -fsanitize");
        }
        add(finding::of_flag("weft", "with io_uring", b.has_io_uring));
        add(finding::of_flag("weft", "with TLS", b.has_tls));
    }

    void kernel() {
        utsname name{};
        ::uname(&name);
        add(finding::of_text("kernel", "release", std::string(name.sysname) + " " + name.release));
    }

    /// @return whether a loop can be made
    bool backend() {
        const weft::backend_report r = weft::report_backends();
        io_uring(r);
        add(finding::of_text("backend", "WEFT_BACKEND", r.asked_for.empty() ? "not set" : r.asked_for));
        add(finding::of_text("backend", "chosen", r.chosen.empty() ? "none" : r.chosen),
            r.chosen.empty() ? "no event loop can be made here" : "",
            "unset WEFT_BACKEND, or let it name one that works");
        add(finding::of_text("backend", "because", r.why));
        return !r.chosen.empty();
    }

    void limits() {
        open_files();
        core_files();
        add(process_limit(RLIMIT_MEMLOCK).as_finding("locked memory", " bytes"));
        if (const auto pending = number_setting("net/core/somaxconn")) {
            add(finding::of_number("limits", "pending connections", *pending),
                *pending < enough_pending_connections
                    ? "a server that many connect to at once makes some wait for a second"
                    : "",
                "sysctl -w net.core.somaxconn=4096");
        }
        other_processes();
    }

private:
    void add(finding f, std::string problem = {}, std::string remedy = {}) {
        f.problem = std::move(problem);
        f.remedy = std::move(remedy);
        findings.push_back(std::move(f));
    }

    void io_uring(const weft::backend_report& r) {
        add(finding::of_flag("io_uring", "works", r.has_io_uring), r.io_uring_problem,
            how_to_get_io_uring(r.io_uring_error));
        if (r.io_uring_parts.empty()) return;
        finding uses{.section = "io_uring", .name = "weft uses", .text = "", .json = ""};
        std::string missing;
        for (const auto& [name, use, is_there] : r.io_uring_parts) {
            uses.text += (uses.text.empty() ? "" : " ") + name;
            uses.json += (uses.json.empty() ? "{" : ", ") + weft::json_string(name) + (is_there ? ": true" : ": false");
            if (!is_there) missing += (missing.empty() ? "" : ", ") + name + " (" + use + ")";
        }
        uses.json += "}";
        add(std::move(uses), missing.empty() ? "" : "this kernel has not got " + missing,
            "a kernel from Linux 6.1 on has them all; WEFT_BACKEND=epoll does without");
    }

    void open_files() {
        const process_limit files(RLIMIT_NOFILE);
        const bool can_be_raised = files.soft < files.hard;
        add(files.as_finding("open files"), files.soft < enough_descriptors ? "each connection takes one" : "",
            can_be_raised ? "ulimit -n " + amount(files.hard) + "; of a service: LimitNOFILE="
                          : "raise the hard limit: /etc/security/limits.conf; of a service: LimitNOFILE=");
    }

    void core_files() {
        const std::string pattern = setting("kernel/core_pattern").value_or("core");
        const bool is_written =
            process_limit(RLIMIT_CORE).soft > 0 || pattern.starts_with("|");  // a pipe knows no limit
        add(finding::of_text("limits", "core files", is_written ? pattern : "none"),
            is_written ? "" : "a program that crashes leaves nothing to look into", "ulimit -c unlimited");
    }

    /// Whether the memory of other processes can be read.
    void other_processes() {
        char from = 1, to = 0;
        const iovec local{.iov_base = &to, .iov_len = 1}, remote{.iov_base = &from, .iov_len = 1};
        if (::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) != 1) {
            return add(finding::of_text("limits", "weft ps", std::generic_category().message(errno)),
                       "process_vm_readv(2) is forbidden: no process can be looked into",
                       "the seccomp profile of the container forbids it: docker run --cap-add=SYS_PTRACE");
        }
        const auto scope = number_setting("kernel/yama/ptrace_scope").value_or(0);
        const bool may_read = scope == 0 || (scope < 3 && ::geteuid() == 0);
        add(finding::of_text("limits", "weft ps", may_read ? "can look into processes" : "can look into its children"),
            may_read ? "" : "kernel.yama.ptrace_scope is " + std::to_string(scope),
            scope < 3 ? "run it as root, or sysctl -w kernel.yama.ptrace_scope=0" : "set it to 1 at the next boot");
    }
};

void doctor(bool for_programs) {
    examination e;
    e.build();
    e.kernel();
    const bool can_run = e.backend();
    e.limits();
    std::fputs((for_programs ? as_json(e.findings) : as_text(e.findings, terminal())).c_str(), stdout);
    if (!can_run) throw std::runtime_error("no event loop can be made here");
}

}  // namespace

void add_doctor(CLI::App& weft) {
    CLI::App* const command = weft.add_subcommand("doctor", "what this machine gives: io_uring, limits, the backend");
    const auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "as JSON");
    command->callback([json] { doctor(*json); });
}
