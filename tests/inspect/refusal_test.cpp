// SPDX-License-Identifier: Apache-2.0
// Why one process may not look into another. What can be brought about here is real: processes of another user, without
// root's rights, not dumpable, with more capabilities, behind a seccomp filter. The rest is said by a /proc made for it.
#include "inspect/refusal.hpp"
#include "io/temporary_folder.hpp"

#include <weft/inspect/target_memory.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr unsigned nobody = 65534;

/// A process that does something and then, until it is killed, nothing. What it has written by then is known.
class other_process {
public:
    template <class Does>
    explicit other_process(Does does) {
        int ends[2];
        if (::pipe(ends) != 0) throw std::runtime_error("pipe");
        pid_ = ::fork();
        if (pid_ == 0) {
            const std::string text = does() + '\n';
            if (::write(ends[1], text.data(), text.size()) < 0) ::_exit(1);
            for (;;) ::pause();
        }
        ::close(ends[1]);
        for (char c; ::read(ends[0], &c, 1) == 1 && c != '\n';) said_ += c;
        ::close(ends[0]);
    }
    other_process(const other_process&) = delete;
    other_process& operator=(const other_process&) = delete;
    ~other_process() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    pid_t id() const { return pid_; }
    const std::string& said() const { return said_; }

private:
    pid_t pid_ = -1;
    std::string said_;
};

/// Is nobody's from now on if it was root's, and dumpable all the same. @return empty: that has worked
std::string give_up_root() {
    if (::geteuid() != 0) return {};
    if (::syscall(SYS_setgroups, 0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 ||
        ::setresuid(nobody, nobody, nobody) != 0)
        return "cannot become nobody";
    return ::prctl(PR_SET_DUMPABLE, 1) == 0 ? "" : "cannot be dumpable";
}

std::string answer_to_reading(pid_t pid) {
    try {
        weft::memory_of_process(pid);
        return "allowed";
    } catch (const std::exception& e) {
        return e.what();
    }
}

/// What somebody without root's rights hears who wants to look into that process.
std::string answer_to_nobody(pid_t pid) {
    const other_process asks([pid] {
        const std::string problem = give_up_root();
        return problem.empty() ? answer_to_reading(pid) : problem;
    });
    return asks.said();
}

TEST(refusal, is_none_for_a_process_of_the_same_user_or_names_yama) {
    const other_process target(give_up_root);
    ASSERT_EQ(target.said(), "");
    std::string scope = "0";
    std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope;
    const std::string answer = answer_to_nobody(target.id());
    if (scope == "0") {
        EXPECT_EQ(answer, "allowed");
    } else {
        EXPECT_THAT(answer, HasSubstr("kernel.yama.ptrace_scope is " + scope));
    }
}

TEST(refusal, names_the_user_whose_process_it_is) {
    // This one is root's, or else the first process of all may be.
    const pid_t of_root = ::geteuid() == 0 ? ::getpid() : 1;
    if (::geteuid() != 0 && ::kill(1, 0) == 0) GTEST_SKIP() << "there is no process of another user";
    EXPECT_THAT(answer_to_nobody(of_root),
                AllOf(HasSubstr("reading the memory of process " + std::to_string(of_root)),
                      HasSubstr("another user (uid 0): run this as that user, or run this as root"),
                      HasSubstr("Operation not permitted")));
}

TEST(refusal, says_that_a_process_is_not_dumpable) {
    const other_process target([] {
        const std::string problem = give_up_root();
        ::prctl(PR_SET_DUMPABLE, 0);
        return problem;
    });
    ASSERT_EQ(target.said(), "");
    EXPECT_THAT(answer_to_nobody(target.id()), AllOf(HasSubstr("PR_SET_DUMPABLE"), HasSubstr("run this as root")));
}

TEST(refusal, says_that_a_process_has_more_capabilities) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to have capabilities that can be kept";
    const other_process target([]() -> std::string {
        ::prctl(PR_SET_KEEPCAPS, 1);
        const std::string problem = give_up_root();
        __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
        __user_cap_data_struct kept[2]{};
        kept[0].permitted = 1u << CAP_NET_BIND_SERVICE;
        if (::syscall(SYS_capset, &header, kept) != 0) return "cannot keep a capability";
        return ::prctl(PR_SET_DUMPABLE, 1) == 0 ? problem : "cannot be dumpable";
    });
    ASSERT_EQ(target.said(), "");
    EXPECT_THAT(answer_to_nobody(target.id()),
                AllOf(HasSubstr("has capabilities that this has not"), HasSubstr("root")));
}

TEST(refusal, says_that_a_filter_forbids_the_call) {
    for (const unsigned error : {EPERM, ENOSYS}) {
        const other_process asks([error]() -> std::string {
            sock_filter program[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
            };
            const sock_fprog filter{.len = std::size(program), .filter = program};
            if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
                return "cannot filter";
            return answer_to_reading(::getppid());
        });
        if (asks.said() == "cannot filter") GTEST_SKIP() << "this kernel has no seccomp filters";
        EXPECT_THAT(asks.said(), AllOf(HasSubstr("seccomp"), HasSubstr("--cap-add=SYS_PTRACE")));
    }
}

// What this machine is not set up for: as a /proc and a /sys say it.

class refusal_elsewhere : public testing::Test {
protected:
    void write(const std::string& name, const std::string& text) {
        const std::filesystem::path path = folder_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    static std::string status(const std::string& users, const std::string& groups, const std::string& capabilities) {
        return "Name:\tserver\nUid:\t" + users + "\nGid:\t" + groups + "\nCapPrm:\t" + capabilities + "\nCapEff:\t" +
               capabilities + "\n";
    }
    /// The reader's uid is that of the files' owner, whoever that is here.
    std::string ids() const { return id_ + "\t" + id_ + "\t" + id_ + "\t" + id_; }
    void reader(const std::string& capabilities) {
        write("proc/self/status", status(ids(), "5\t5\t5\t5", capabilities));
    }
    void target(const std::string& users, const std::string& groups = "5\t5\t5\t5") {
        write("proc/42/status", status(users, groups, "0000000000000000"));
    }
    void SetUp() override {
        reader("0000000000000000");
        target(ids());
    }
    std::string reason() const { return weft::reason_for_refusal(42, folder_.path()); }

    weft_test::temporary_folder folder_;
    std::string id_ = std::to_string(::geteuid());
    static constexpr const char* ptrace_alone = "0000000000080000";
};

TEST_F(refusal_elsewhere, names_the_scope_of_yama) {
    for (const std::string scope : {"1", "2"}) {
        write("proc/sys/kernel/yama/ptrace_scope", scope + "\n");
        EXPECT_THAT(reason(), AllOf(HasSubstr("kernel.yama.ptrace_scope is " + scope),
                                    HasSubstr("sysctl kernel.yama.ptrace_scope=0")));
    }
    reader(ptrace_alone);
    EXPECT_THAT(reason(), Not(HasSubstr("yama")));
    write("proc/sys/kernel/yama/ptrace_scope", "3\n");
    EXPECT_THAT(reason(), HasSubstr("ptrace_scope is 3, which nobody may change"));
}

TEST_F(refusal_elsewhere, names_the_user_first) {
    write("proc/sys/kernel/yama/ptrace_scope", "1\n");
    target("77\t77\t77\t77");
    EXPECT_THAT(reason(), HasSubstr("another user (uid 77)"));
}

TEST_F(refusal_elsewhere, sees_set_user_id_and_other_groups) {
    target(id_ + "\t77\t77\t77");
    EXPECT_THAT(reason(), AllOf(HasSubstr("set-user-id"), HasSubstr(id_ + ", 77 and 77")));
    target(ids(), "5\t8\t8\t8");
    EXPECT_THAT(reason(), AllOf(HasSubstr("another group"), HasSubstr("5, 8 and 8")));
}

TEST_F(refusal_elsewhere, sends_to_root_only_who_is_not_root_already) {
    target("77\t77\t77\t77");
    EXPECT_THAT(reason(), HasSubstr(::geteuid() == 0 ? "CAP_SYS_PTRACE" : "run this as root"));
}

TEST_F(refusal_elsewhere, says_that_proc_hides_the_process) {
    std::filesystem::remove(folder_ / "proc/42/status");
    EXPECT_THAT(reason(), AllOf(HasSubstr("hidepid"), HasSubstr("root")));
}

TEST_F(refusal_elsewhere, names_what_is_left) {
    EXPECT_THAT(reason(),
                AllOf(HasSubstr("user namespace"), HasSubstr("AppArmor"), HasSubstr("outside the container")));
    write("sys/fs/selinux/booleans/deny_ptrace", "1 1");
    EXPECT_THAT(reason(), HasSubstr("setsebool deny_ptrace off"));
}

}  // namespace
